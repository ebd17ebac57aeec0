#include "rest/timed_loop.hpp"

namespace kwq::rest {

timed_loop::timed_loop(std::string name, const clock& time)
    // Shared: see the header.
    : core_(std::make_shared<core>(std::move(name), time)) {}

void timed_loop::start() {
    core_->loop.start([at = core_.get()] { return at->run_due(); });
}

void timed_loop::after(milliseconds delay, run_loop::task t) {
    const mono_time due = core_->time.monotonic() + delay;
    post([at = core_.get(), due, t = std::move(t)]() mutable {
        at->timers.emplace(due, std::move(t));
    });
}

std::optional<mono_time> timed_loop::core::run_due() {
    const mono_time now = time.monotonic();
    while (!timers.empty() && timers.begin()->first <= now) {
        const run_loop::task t = std::move(timers.begin()->second);
        timers.erase(timers.begin());
        t();
    }
    if (timers.empty()) {
        return std::nullopt;
    }
    return timers.begin()->first;
}

}  // namespace kwq::rest
