// See worker_loop.hpp. This file decides what is due; worker_take.cpp takes, worker_report.cpp runs
// and reports.
#include "worker/worker_loop.hpp"

#include "worker/command.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include <unistd.h>

namespace kwq::worker {

namespace {

constexpr milliseconds first_backoff{200};
constexpr milliseconds longest_backoff{10'000};
/// After a second signal: how long releases may take before the worker goes without an answer.
constexpr milliseconds release_time{5'000};

void earliest(std::optional<mono_time>& found, std::optional<mono_time> other) {
    if (other && (!found || *other < *found)) {
        found = other;
    }
}

/// <host>-<pid>-<4 hex digits>: pids come again, and hosts have namesakes.
worker_config named(worker_config config, random_source& random) {
    if (!config.name.empty()) {
        return config;
    }
    std::array<char, 64> host{};
    gethostname(host.data(), host.size() - 1);
    std::array<char, 8> digits{};
    std::snprintf(digits.data(), digits.size(), "%04x",
                  static_cast<unsigned>(random.below(65'536)));
    config.name = std::string(host.data()) + "-" + std::to_string(getpid()) + "-" + digits.data();
    return config;
}

}  // namespace

worker_loop::worker_loop(worker_config config, std::string program, const loop_services& services)
    : own_name_(config.name.empty()),
      config_(named(std::move(config), services.random)),
      program_(std::move(program)),
      services_(services),
      environment_(own_environment()),
      events_(services.time),
      take_client_(config_.server),
      report_client_(config_.server),
      beat_client_(config_.server),
      taker_("kwq-take", services.time),
      reporter_("kwq-report", services.time),
      heart_("kwq-heartbeat", services.time) {}

worker_loop::~worker_loop() {
    for (auto* client : {&take_client_, &report_client_, &beat_client_}) {
        client->abort();
    }
    taker_.stop();
    reporter_.stop();
    heart_.stop();
}

worker_end worker_loop::run() {
    const auto idle = [] { return std::optional<mono_time>(); };
    taker_.start(idle);
    reporter_.start(idle);
    heart_.start(idle);
    while (true) {
        think();
        if (const auto how = end()) {
            services_.logger.log(observe::level::info, "worker", "ended",
                                 {{"completed", std::to_string(completed_)},
                                  {"failed", std::to_string(failed_)},
                                  {"released", std::to_string(released_)}});
            return *how;
        }
        events_.wait(next_wake());
    }
}

void worker_loop::on_signal() {
    if (mode_ == mode::working) {
        mode_ = mode::draining;
        services_.logger.log(observe::level::info, "worker",
                             "draining: no more tasks are taken; a second signal stops what runs",
                             {{"running", std::to_string(held_.size())}});
        return;
    }
    if (mode_ == mode::killing) {
        std::for_each(held_.begin(), held_.end(), [](auto& each) {
            if (each.second.run) {
                each.second.run->kill_now();
            }
        });
        return;
    }
    mode_ = mode::killing;
    services_.logger.log(observe::level::warn, "worker", "stopping: tasks are killed and released",
                         {{"running", std::to_string(held_.size())}});
    for (auto& [token, h] : held_) {
        if (h.run) {
            h.run->end_early({.what = report::kind::release});
        }
    }
    overdue_at_ = after(config_.kill_grace + release_time);
}

void worker_loop::think() {
    const auto now = services_.time.monotonic();
    done_runs_.clear();
    tick_runs(now);
    if (mode_ != mode::working && taking_ == taking::waiting) {
        take_client_.abort();
    }
    take_if_due(now);
    tell_if_due(now);
    beat_if_due(now);
    give_up_when_overdue(now);
}

void worker_loop::tick_runs(mono_time now) {
    for (auto& [token, h] : held_) {
        if (h.run && h.run->next_tick() <= now && h.run->next_tick()) {
            h.run->tick();
        }
    }
}

int worker_loop::free_slots() const {
    const auto running = std::count_if(held_.begin(), held_.end(),
                                       [](const auto& each) { return each.second.run != nullptr; });
    const auto untold = static_cast<int>(held_.size()) - static_cast<int>(running);
    // Results that nobody takes off us are held, but not more of them without end.
    return untold > config_.concurrency ? 0 : config_.concurrency - static_cast<int>(running);
}

bool worker_loop::may_take() const {
    return mode_ == mode::working && !ended_ && taking_ == taking::idle && free_slots() > 0;
}

void worker_loop::take_if_due(mono_time now) {
    if (may_take() && take_after_ <= now) {
        send_take();
    }
}

void worker_loop::tell_if_due(mono_time now) {
    if (reporting_ || tell_after_ > now) {
        return;
    }
    // A take that does not wait, or one that is due now, brings the reports along.
    const bool with_take = taking_ == taking::quick || (may_take() && take_after_ <= now);
    for (auto& [token, h] : held_) {
        if (h.outcome && !h.telling && (h.alone || !with_take)) {
            send_report(token);
            return;
        }
    }
    for (auto& [token, h] : held_) {
        if (h.run && h.say_running) {
            h.say_running = false;
            send_running(token);
            return;
        }
    }
}

milliseconds worker_loop::shortest_lease() const {
    milliseconds shortest{60'000};
    for (const auto& [token, h] : held_) {
        shortest = std::min(shortest, h.lease.lease);
    }
    return shortest;
}

void worker_loop::give_up_when_overdue(mono_time now) {
    if (overdue_at_ && *overdue_at_ <= now) {
        services_.logger.log(observe::level::warn, "worker",
                             "gone without an answer: leases will expire",
                             {{"leases", std::to_string(held_.size())}});
        ended_ = worker_end::interrupted;
    }
}

std::optional<mono_time> worker_loop::next_wake() const {
    std::optional<mono_time> next = overdue_at_;
    const auto now = services_.time.monotonic();
    bool to_tell = false;
    for (const auto& [token, h] : held_) {
        earliest(next, h.run ? h.run->next_tick() : std::nullopt);
        to_tell = to_tell || (h.outcome && !h.telling) || (h.run && h.say_running);
    }
    if (may_take()) {
        earliest(next, take_after_);
    }
    if (to_tell && !reporting_ && tell_after_ > now) {
        earliest(next, tell_after_);
    }
    if (!held_.empty() && !beating_) {
        earliest(next, std::max(last_beat_ + shortest_lease() / 3, beat_after_));
    }
    if (mode_ != mode::working && taking_ == taking::waiting) {
        earliest(next, now + first_backoff);  // abort it again: it may just have begun
    }
    return next;
}

std::optional<worker_end> worker_loop::end() const {
    if (ended_) {
        return ended_;
    }
    if (mode_ == mode::working || !held_.empty() || taking_ != taking::idle || reporting_) {
        return std::nullopt;
    }
    return mode_ == mode::killing ? worker_end::interrupted : worker_end::done;
}

mono_time worker_loop::after(milliseconds delay) const {
    return services_.time.monotonic() + delay;
}

/// Doubles with each failure, and is spread so that a thousand workers do not come back at once.
mono_time worker_loop::after_backoff(int failures) const {
    const auto doubled = first_backoff * (1LL << std::min(failures, 10));
    const auto most = std::min<milliseconds>(doubled, longest_backoff).count();
    const auto half = static_cast<std::uint64_t>(most / 2);
    return after(milliseconds{most / 2} +
                 milliseconds{static_cast<std::int64_t>(services_.random.below(half + 1))});
}

}  // namespace kwq::worker
