#include "rest/timed_loop.hpp"

namespace kwq::rest {

timed_loop::timed_loop(std::string name, const clock& time)
    : time_(time), loop_(std::move(name), time) {}

void timed_loop::start() {
    loop_.start([this] { return run_due(); });
}

void timed_loop::after(milliseconds delay, run_loop::task t) {
    const mono_time due = time_.monotonic() + delay;
    post([this, due, t = std::move(t)]() mutable { timers_.emplace(due, std::move(t)); });
}

std::optional<mono_time> timed_loop::run_due() {
    const mono_time now = time_.monotonic();
    while (!timers_.empty() && timers_.begin()->first <= now) {
        const run_loop::task t = std::move(timers_.begin()->second);
        timers_.erase(timers_.begin());
        t();
    }
    if (timers_.empty()) {
        return std::nullopt;
    }
    return timers_.begin()->first;
}

}  // namespace kwq::rest
