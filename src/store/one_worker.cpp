#include "store/one_worker.hpp"

#include <pthread.h>

#include <utility>

namespace kwq::store {

one_worker::~one_worker() {
    if (thread_.joinable()) {
        wait();
        {
            const std::lock_guard lock(mutex_);
            ends_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
}

void one_worker::start(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        work_ = std::move(work);
    }
    changed_.notify_all();
    if (!thread_.joinable()) {
        thread_ = std::thread([this] { run(); });
    }
}

bool one_worker::is_busy() const {
    const std::lock_guard lock(mutex_);
    return work_ != nullptr;
}

void one_worker::wait() const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return work_ == nullptr; });
}

void one_worker::run() {
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return work_ != nullptr || ends_; });
        if (ends_) {
            return;
        }
        lock.unlock();
        work_();
        lock.lock();
        work_ = nullptr;
        changed_.notify_all();
    }
}

}  // namespace kwq::store
