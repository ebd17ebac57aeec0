// reactor: the worker's main thread waits here, for file descriptors (pipes, pidfds, signals), for
// what other threads posted, and for the next timer. One thread calls everything but post().
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace kwq::worker {

class reactor {
public:
    enum class interest : std::uint8_t { read, write };

    explicit reactor(const clock& c);  // throws std::runtime_error without epoll
    ~reactor();
    reactor(const reactor&) = delete;
    reactor& operator=(const reactor&) = delete;

    /// Calls `ready` whenever `fd` can be read or written, or was closed by the other side, until
    /// forget(fd). The fd stays the caller's; forget it before closing it.
    void watch(int fd, interest what, std::function<void()> ready);
    void forget(int fd);

    /// Any thread: `f` runs on the reactor's thread in a later wait(). Never blocks.
    void post(std::function<void()> f);

    /// Waits until something is ready or `until` has come, and handles one event: so a callback may
    /// forget any fd without another's stale event being met.
    void wait(std::optional<mono_time> until);

private:
    void run_posted();

    const clock& clock_;
    int epoll_ = -1;
    int wake_ = -1;
    std::unordered_map<int, std::function<void()>> watched_;
    std::mutex mutex_;
    std::vector<std::function<void()>> posted_;  // under mutex_
};

}  // namespace kwq::worker
