// run_loop: one thread that owns something. Other threads post closures to it; it runs them in
// order, in batches, and calls `on_idle` after each batch and whenever the wake-up time it returned
// has come. That one shape serves the scheduler's shard, the tracker and the log's writer, so none
// of them needs a mutex of its own.
#pragma once

#include "base/clock.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace kwq {

class run_loop {
public:
    using task = std::function<void()>;
    /// Called on the loop's thread after each batch of posted closures. Returns when it wants to be
    /// called again if nothing is posted before; nothing means "only when posted to".
    using idle = std::function<std::optional<mono_time>()>;

    /// `name` is the thread's (15 characters at most); `c` must outlive the loop.
    run_loop(std::string name, const clock& c);
    ~run_loop();  // stops and joins if still running
    run_loop(const run_loop&) = delete;
    run_loop& operator=(const run_loop&) = delete;

    void start(idle on_idle);
    /// Any thread, also before start() and after stop() (then it is dropped; returns false).
    bool post(task t);
    /// Runs what was posted before, then ends the thread and joins it. Not from the loop's thread.
    void stop();
    bool is_current_thread() const;

private:
    void run();

    // set once
    const std::string name_;
    const clock& clock_;
    idle on_idle_;
    // any thread, under mutex_
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<task> posted_;
    bool stopping_ = false;
    std::thread thread_;
    std::atomic<std::thread::id> thread_id_{};
};

}  // namespace kwq
