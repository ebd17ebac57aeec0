#include "base/run_loop.hpp"

#include "base/assert.hpp"

#include <utility>

#include <pthread.h>

namespace kwq {

run_loop::run_loop(std::string name, const clock& c) : name_(std::move(name)), clock_(c) {}

run_loop::~run_loop() {
    stop();
}

void run_loop::start(idle on_idle) {
    KWQ_ASSERT(!thread_.joinable());
    on_idle_ = std::move(on_idle);
    thread_ = std::thread([this] { run(); });
}

bool run_loop::post(task t) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            return false;
        }
        posted_.push_back(std::move(t));
        if (posted_.size() > 1) {
            return true;  // the loop has been woken for the first one already
        }
    }
    wake_.notify_one();
    return true;
}

void run_loop::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) {
        KWQ_ASSERT(!is_current_thread());
        thread_.join();
    }
}

bool run_loop::is_current_thread() const {
    return std::this_thread::get_id() == thread_id_.load();
}

void run_loop::run() {
    thread_id_.store(std::this_thread::get_id());
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    std::vector<task> batch;
    std::optional<mono_time> next = clock_.monotonic();
    while (true) {
        bool stopping = false;
        {
            std::unique_lock lock(mutex_);
            const auto ready = [this] { return stopping_ || !posted_.empty(); };
            if (!next) {
                wake_.wait(lock, ready);
            } else if (const auto wait = *next - clock_.monotonic(); wait > milliseconds::zero()) {
                wake_.wait_for(lock, wait, ready);
            }
            batch.swap(posted_);
            stopping = stopping_;
        }
        for (auto& t : batch) {
            t();
        }
        batch.clear();
        if (stopping) {
            return;
        }
        next = on_idle_ ? on_idle_() : std::nullopt;
    }
}

}  // namespace kwq
