// one_worker: a thread that does one piece of work at a time for the thread that owns it, which
// goes on meanwhile. What the work wrote is visible to the owner once is_busy() said no, or wait()
// returned.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace kwq::store {

class one_worker {
public:
    explicit one_worker(std::string name) : name_(std::move(name)) {}
    ~one_worker();  // after the work at hand
    one_worker(const one_worker&) = delete;
    one_worker& operator=(const one_worker&) = delete;

    /// Only when it is not busy. The thread is started with the first.
    void start(std::function<void()> work);
    bool is_busy() const;
    void wait() const;

private:
    void run();

    const std::string name_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::function<void()> work_;  // empty: idle
    bool ends_ = false;
    std::thread thread_;
};

}  // namespace kwq::store
