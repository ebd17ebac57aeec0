// signals: how the server is told to stop. Signals are taken by waiting threads, never by handlers.
#pragma once

#include "base/clock.hpp"

#include <atomic>
#include <functional>
#include <thread>

namespace kwq::app {

/// Blocks SIGINT, SIGTERM and SIGHUP for this thread and those it starts, and ignores SIGPIPE. Call
/// before any thread is started.
void block_stop_signals();
/// Waits for the first of them.
void wait_for_stop_signal();

/// While it lives: a further signal ends the process at once (130), and `late` is called once when
/// it has lived longer than `limit`.
class stop_watch {
public:
    stop_watch(milliseconds limit, std::function<void()> late);
    ~stop_watch();
    stop_watch(const stop_watch&) = delete;
    stop_watch& operator=(const stop_watch&) = delete;

private:
    std::atomic<bool> done_{false};
    std::thread thread_;
};

}  // namespace kwq::app
