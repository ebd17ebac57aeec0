#include "base/run_loop.hpp"

#include "base/assert.hpp"

#include <utility>

#include <pthread.h>

namespace kwq {

run_loop::run_loop(std::string name, const clock& c, loop_driver* driver)
    : name_(std::move(name)), clock_(c), driver_(driver) {}

run_loop::~run_loop() {
    stop();
}

void run_loop::start(idle on_idle) {
    KWQ_ASSERT(!thread_.joinable());
    on_idle_ = std::move(on_idle);
    next_ = clock_.monotonic();
    if (driver_ != nullptr) {
        driven_ = true;
        driver_->add(*this);
        return;
    }
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
    if (std::exchange(driven_, false)) {
        KWQ_ASSERT(!in_turn_);
        driver_->remove(*this);
        std::vector<task> batch;
        batch.swap(posted_);
        run_posted(batch);
    }
}

bool run_loop::is_current_thread() const {
    return driver_ != nullptr ? in_turn_ : std::this_thread::get_id() == thread_id_.load();
}

bool run_loop::is_idle() {
    const std::lock_guard lock(mutex_);
    if (driver_ != nullptr) {
        return posted_.empty() && !in_turn_ && !(next_ && *next_ <= clock_.monotonic());
    }
    return posted_.empty() && waits_;
}

std::optional<mono_time> run_loop::next_turn() {
    const std::lock_guard lock(mutex_);
    return posted_.empty() ? next_ : clock_.monotonic();
}

void run_loop::turn() {
    struct turn_mark {
        bool& on;
        ~turn_mark() { on = false; }  // also when the disk fails and the turn throws
    };
    in_turn_ = true;
    const turn_mark mark{in_turn_};
    std::vector<task> batch;
    {
        const std::lock_guard lock(mutex_);
        batch.swap(posted_);
    }
    run_posted(batch);
    next_ = on_idle_ ? on_idle_() : std::nullopt;
}

void run_loop::run_posted(std::vector<task>& batch) {
    for (auto& t : batch) {
        t();
    }
    batch.clear();
}

void run_loop::run() {
    thread_id_.store(std::this_thread::get_id());
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    std::vector<task> batch;
    while (true) {
        bool stopping = false;
        {
            std::unique_lock lock(mutex_);
            const auto ready = [this] { return stopping_ || !posted_.empty(); };
            waits_ = true;
            if (!next_) {
                wake_.wait(lock, ready);
            } else if (const auto wait = *next_ - clock_.monotonic(); wait > milliseconds::zero()) {
                wake_.wait_for(lock, wait, ready);
            }
            waits_ = false;
            batch.swap(posted_);
            stopping = stopping_;
        }
        run_posted(batch);
        if (stopping) {
            return;
        }
        next_ = on_idle_ ? on_idle_() : std::nullopt;
    }
}

}  // namespace kwq
