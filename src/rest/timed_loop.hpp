// timed_loop: the thread on which answers are rendered and simulations and streams take their
// turns, so that neither a shard's thread nor the log's does it. A run_loop with timers.
#pragma once

#include "base/clock.hpp"
#include "base/run_loop.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace kwq::rest {

class timed_loop {
public:
    timed_loop(std::string name, const clock& time);

    void start();
    /// Runs what was posted and joins; timers that are not due are dropped. Not from its thread.
    void stop() { core_->loop.stop(); }
    /// Any thread; dropped after stop().
    void post(run_loop::task t) { core_->loop.post(std::move(t)); }
    /// Any thread: runs `t` once `delay` has passed.
    void after(milliseconds delay, run_loop::task t);

    /// A callback for other threads that goes on with `f` on this one. It may be called after this
    /// object is gone, by a scheduler or log that stops later; `f` then does not run.
    template <class T, class F>
    std::function<void(T)> then(F f) {
        return [core = core_, f = std::move(f)](T value) mutable {
            core->loop.post(
                [f = std::move(f), value = std::move(value)]() mutable { f(std::move(value)); });
        };
    }

private:
    struct core {
        core(std::string name, const clock& c) : time(c), loop(std::move(name), c) {}
        std::optional<mono_time> run_due();

        const clock& time;
        std::multimap<mono_time, run_loop::task> timers;  // loop's thread only
        run_loop loop;
    };

    // Shared with callbacks that are still out when this goes.
    const std::shared_ptr<core> core_;
};

}  // namespace kwq::rest
