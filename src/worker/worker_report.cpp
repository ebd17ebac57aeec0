// worker_loop, the half that runs commands, reports how they ended and keeps leases alive.
#include "worker/command.hpp"
#include "worker/worker_loop.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

namespace kwq::worker {

namespace {

constexpr std::size_t most_beats = 1'000;  // in one request

}  // namespace

process_spec worker_loop::command_for(const held_lease& lease) const {
    return {.path = program_,
            .arguments = config_.command,
            .environment = environment_of(
                lease, {.worker = config_.name, .url = config_.server.url}, environment_),
            .input = lease.payload};
}

void worker_loop::on_log_line(const std::string& id, std::string_view line) {
    services_.task_log << id << " | " << line << '\n' << std::flush;
}

void worker_loop::on_run_ended(const std::string& token, report outcome) {
    const auto found = held_.find(token);
    if (found == held_.end()) {
        return;
    }
    held& h = found->second;
    done_runs_.push_back(std::move(h.run));  // it is calling us: it goes later
    if (outcome.what == report::kind::error && !h.lost) {
        services_.logger.log(observe::level::warn, "worker", "task failed",
                             {{"task", h.lease.id},
                              {"attempt", std::to_string(h.lease.attempt)},
                              {"reason", outcome.message}});
    }
    if (h.lost) {
        held_.erase(found);
        return;
    }
    h.outcome = std::move(outcome);
}

void worker_loop::send_running(const std::string& token) {
    reporting_ = true;
    reporter_.post([this, token] {
        report_client_.report_running(token);
        events_.post([this] { reporting_ = false; });
    });
}

void worker_loop::send_report(const std::string& token) {
    held& h = held_.at(token);
    h.telling = true;
    reporting_ = true;
    reporter_.post([this, what = settlement{token, *h.outcome}] {
        const auto v = report_client_.settle(what);
        events_.post([this, token = what.token, v] {
            reporting_ = false;
            tell_failures_ = v == verdict::again ? tell_failures_ + 1 : 0;
            tell_after_ = v == verdict::again ? after_backoff(tell_failures_) : mono_time{};
            on_verdict(token, v);
        });
    });
}

void worker_loop::on_verdict(const std::string& token, verdict v) {
    const auto found = held_.find(token);
    if (found == held_.end() || !found->second.outcome) {
        return;
    }
    held& h = found->second;
    h.telling = false;
    if (v == verdict::again) {
        h.alone = true;
        return;
    }
    if (v == verdict::settled) {
        count(*h.outcome);
    } else {
        services_.logger.log(observe::level::warn, "worker",
                             "the lease was lost before its outcome was told",
                             {{"task", h.lease.id}});
    }
    held_.erase(found);
}

void worker_loop::count(const report& r) {
    switch (r.what) {
        case report::kind::complete: ++completed_; break;
        case report::kind::error: ++failed_; break;
        case report::kind::release: ++released_; break;
    }
}

void worker_loop::beat_if_due(mono_time now) {
    if (held_.empty() || beating_ || beat_after_ > now || last_beat_ + shortest_lease() / 3 > now) {
        return;
    }
    send_beats();
}

void worker_loop::send_beats() {
    beating_ = true;
    std::vector<std::string> tokens;
    for (const auto& [token, h] : held_) {
        if (!h.lost && tokens.size() < most_beats) {
            tokens.push_back(token);
        }
    }
    heart_.post([this, tokens = std::move(tokens)] {
        auto answer = beat_client_.heartbeat(tokens);
        events_.post([this, answer = std::move(answer)] {
            beating_ = false;
            on_beats(answer);
        });
    });
}

void worker_loop::on_beats(const call_result<std::vector<std::pair<std::string, beat>>>& answer) {
    if (answer.has_error()) {
        if (beat_failures_ == 0) {
            services_.logger.log(observe::level::warn, "worker",
                                 "heartbeat failed; the tasks run on",
                                 {{"reason", answer.error().reason}});
        }
        beat_after_ = std::min(after_backoff(beat_failures_++), after(shortest_lease() / 3));
        return;
    }
    beat_failures_ = 0;
    last_beat_ = services_.time.monotonic();
    for (const auto& [token, b] : *answer) {
        const auto found = held_.find(token);
        // What has ended waits for the verdict on its own report instead.
        if (b != beat::alive && found != held_.end() && found->second.run) {
            lose(found->second, b == beat::cancel ? "cancelled" : "lease lost");
        }
    }
}

void worker_loop::lose(held& h, const char* why) {
    if (h.lost) {
        return;
    }
    h.lost = true;
    services_.logger.log(observe::level::warn, "worker", "task is stopped",
                         {{"task", h.lease.id}, {"reason", why}});
    h.run->end_early({.what = report::kind::release});
}

}  // namespace kwq::worker
