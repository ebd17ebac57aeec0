// See reactor.hpp. Level-triggered epoll, one event for each call.
#include "worker/reactor.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace kwq::worker {

namespace {

/// Milliseconds for epoll_wait: -1 without an end, and never less than what is left.
int wait_ms(const clock& c, std::optional<mono_time> until) {
    if (!until) {
        return -1;
    }
    const auto left = (*until - c.monotonic()).count();
    constexpr std::int64_t longest = 3'600'000;
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, longest));
}

}  // namespace

reactor::reactor(const clock& c)
    : clock_(c),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (epoll_ < 0 || wake_ < 0) {
        throw std::runtime_error("cannot make an epoll or event descriptor");
    }
    watch(wake_, interest::read, [this] { run_posted(); });
}

reactor::~reactor() {
    close(wake_);
    close(epoll_);
}

void reactor::watch(int fd, interest what, std::function<void()> ready) {
    epoll_event event{};
    event.events = what == interest::read ? EPOLLIN : EPOLLOUT;
    event.data.fd = fd;
    KWQ_ASSERT(watched_.emplace(fd, std::move(ready)).second);
    KWQ_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0);
}

void reactor::forget(int fd) {
    if (watched_.erase(fd) == 1) {
        KWQ_ASSERT(epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr) == 0);
    }
}

void reactor::post(std::function<void()> f) {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(f));
    const std::uint64_t one = 1;
    // Full means that a wake-up is due anyway.
    [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
}

void reactor::wait(std::optional<mono_time> until) {
    epoll_event event{};
    if (epoll_wait(epoll_, &event, 1, wait_ms(clock_, until)) != 1) {
        return;  // time is up, or a debugger's signal
    }
    if (const auto found = watched_.find(event.data.fd); found != watched_.end()) {
        const auto ready = found->second;  // a copy: it may forget itself
        ready();
    }
}

void reactor::run_posted() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = read(wake_, &count, sizeof count);
    std::vector<std::function<void()>> batch;
    {
        const std::lock_guard lock(mutex_);
        batch.swap(posted_);
    }
    for (auto& f : batch) {
        f();
    }
}

}  // namespace kwq::worker
