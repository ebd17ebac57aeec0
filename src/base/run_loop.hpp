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

class run_loop;

/// Runs loops in place of threads of their own: one turn at a time, in an order of its choice. The
/// simulator is one.
class loop_driver {
public:
    virtual ~loop_driver() = default;
    virtual void add(run_loop& loop) = 0;
    virtual void remove(run_loop& loop) = 0;
    /// Lets loops run until `done` says so; false when that takes longer than `patience`, or when
    /// they have come to an end meanwhile.
    virtual bool run_until(const std::function<bool()>& done, milliseconds patience) = 0;
};

class run_loop {
public:
    using task = std::function<void()>;
    /// Called on the loop's thread after each batch of posted closures. Returns when it wants to be
    /// called again if nothing is posted before; nothing means "only when posted to".
    using idle = std::function<std::optional<mono_time>()>;

    /// `name` is the thread's (15 characters at most); `c` must outlive the loop, and so must
    /// `driver`, which runs it if there is one.
    run_loop(std::string name, const clock& c, loop_driver* driver = nullptr);
    ~run_loop();  // stops and joins if still running
    run_loop(const run_loop&) = delete;
    run_loop& operator=(const run_loop&) = delete;

    void start(idle on_idle);
    /// Any thread, also before start() and after stop() (then it is dropped; returns false).
    bool post(task t);
    /// Runs what was posted before, then ends the thread and joins it. Not from the loop's thread.
    void stop();
    bool is_current_thread() const;
    /// Any thread: it waits, with nothing posted; whatever was posted before has been done.
    bool is_idle();

    // ---- for its driver ----
    /// When it wants its next turn; nothing: when something is posted.
    std::optional<mono_time> next_turn();
    /// What was posted, then `on_idle`.
    void turn();

private:
    void run();
    void run_posted(std::vector<task>& batch);

    // set once
    const std::string name_;
    const clock& clock_;
    loop_driver* const driver_;
    idle on_idle_;
    // its thread, or its driver's
    std::optional<mono_time> next_;
    bool driven_ = false;
    bool in_turn_ = false;
    // any thread, under mutex_
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<task> posted_;
    bool waits_ = false;
    bool stopping_ = false;
    std::thread thread_;
    std::atomic<std::thread::id> thread_id_{};
};

}  // namespace kwq
