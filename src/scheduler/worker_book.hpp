// worker_book: who asks for work. In memory only; a worker that has been silent for `forget_after`
// is forgotten.
#pragma once

#include "base/clock.hpp"
#include "scheduler/scheduler.hpp"

#include <map>
#include <vector>

namespace kwq::scheduler {

class worker_book {
public:
    static constexpr milliseconds forget_after{420'000};
    static constexpr std::size_t max_workers = 100'000;

    void polled(const model::worker_name& w, const std::vector<model::queue_name>& queues,
                instant at);
    void seen(const model::worker_name& w, instant at);
    void waits(const model::worker_name& w, bool waiting);
    void took(const model::worker_name& w);
    void ended(const model::worker_name& w, model::outcome how, instant at);
    void forget_silent(instant now);

    std::vector<worker_info> list() const;
    std::size_t size() const { return workers_.size(); }

private:
    std::map<model::worker_name, worker_info> workers_;
};

}  // namespace kwq::scheduler
