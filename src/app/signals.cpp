// signals: see the header.
#include "app/signals.hpp"

#include <unistd.h>
#include <csignal>
#include <ctime>

namespace kwq::app {

namespace {

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

}  // namespace

void block_stop_signals() {
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    // A file at its limit is a write that fails: it is answered, and told, as any other.
    std::signal(SIGXFSZ, SIG_IGN);
}

void wait_for_stop_signal() {
    const sigset_t set = stop_signals();
    int taken = 0;
    while (sigwait(&set, &taken) != 0) {
    }
}

stop_watch::stop_watch(milliseconds limit, std::function<void()> late)
    : thread_([this, limit, late = std::move(late)] {
          const sigset_t set = stop_signals();
          const timespec slice{0, 50'000'000};
          const auto end = system_clock().monotonic() + limit;
          bool said = false;
          while (!done_) {
              if (sigtimedwait(&set, nullptr, &slice) > 0) {
                  ::_exit(130);
              }
              if (!said && system_clock().monotonic() > end) {
                  said = true;
                  late();
              }
          }
      }) {}

stop_watch::~stop_watch() {
    done_ = true;
    thread_.join();
}

}  // namespace kwq::app
