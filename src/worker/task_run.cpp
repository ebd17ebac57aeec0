// See task_run.hpp.
#include "worker/task_run.hpp"

#include "worker/outcome.hpp"

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>

namespace kwq::worker {

namespace {

report timed_out(milliseconds limit) {
    std::string seconds = std::to_string(limit.count() / 1'000);
    if (const auto rest = limit.count() % 1'000; rest != 0) {
        seconds += "." + std::to_string(1'000 + rest).substr(1);
    }
    return {.what = report::kind::error,
            .message = "timeout: ran longer than timeout_s = " + seconds};
}

}  // namespace

task_run::task_run(reactor& events, const clock& c, plan p, callbacks calls)
    : events_(events), clock_(c), plan_(std::move(p)), calls_(std::move(calls)) {
    if (plan_.timeout) {
        timeout_at_ = clock_.monotonic() + *plan_.timeout;
    }
    auto started = process::start(events_, plan_.command,
                                  {.on_log_line = calls_.on_log_line,
                                   .on_end = [this](process_end end) { ended(std::move(end)); }});
    if (started.has_value()) {
        process_ = *std::move(started);
        return;
    }
    // The owner has no task_run yet: it must not hear of the end from inside this constructor.
    events_.post([on_end = calls_.on_end,
                  outcome = outcome_of_failed_start(started.error().reason)] { on_end(outcome); });
}

void task_run::end_early(report instead) {
    if (instead_ || !process_) {
        return;
    }
    instead_ = std::move(instead);
    timeout_at_.reset();
    process_->kill_group(SIGTERM);
    kill_at_ = clock_.monotonic() + plan_.kill_grace;
}

void task_run::kill_now() {
    if (process_) {
        process_->kill_group(SIGKILL);
    }
}

std::optional<mono_time> task_run::next_tick() const {
    return kill_at_ ? kill_at_ : timeout_at_;
}

void task_run::tick() {
    const auto now = clock_.monotonic();
    if (kill_at_ && *kill_at_ <= now) {
        kill_at_.reset();
        kill_now();
    }
    if (timeout_at_ && *timeout_at_ <= now) {
        end_early(timed_out(*plan_.timeout));
    }
}

void task_run::ended(process_end end) {
    const auto on_end = calls_.on_end;
    on_end(instead_ ? *instead_ : outcome_of(end, plan_.backoff));
}

}  // namespace kwq::worker
