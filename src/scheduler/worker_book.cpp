#include "scheduler/worker_book.hpp"

#include <iterator>

namespace kwq::scheduler {

void worker_book::polled(const model::worker_name& w, const std::vector<model::queue_name>& queues,
                         instant at) {
    auto found = workers_.find(w);
    if (found == workers_.end()) {
        if (workers_.size() >= max_workers) {
            return;
        }
        found = workers_.emplace(w, worker_info{}).first;
        found->second.worker = w;
        found->second.first_seen = at;
    }
    found->second.queues = queues;
    found->second.last_seen = at;
}

void worker_book::seen(const model::worker_name& w, instant at) {
    if (const auto found = workers_.find(w); found != workers_.end()) {
        found->second.last_seen = at;
    }
}

void worker_book::waits(const model::worker_name& w, bool waiting) {
    if (const auto found = workers_.find(w); found != workers_.end()) {
        found->second.waiting = waiting;
    }
}

void worker_book::took(const model::worker_name& w) {
    if (const auto found = workers_.find(w); found != workers_.end()) {
        ++found->second.taken;
        ++found->second.leases;
    }
}

void worker_book::ended(const model::worker_name& w, model::outcome how, instant at) {
    const auto found = workers_.find(w);
    if (found == workers_.end()) {
        return;
    }
    auto& info = found->second;
    info.leases -= info.leases > 0 ? 1 : 0;
    info.completed += how == model::outcome::complete ? 1 : 0;
    if (how == model::outcome::complete || how == model::outcome::error) {
        info.finished.add(at);
    }
    info.failed += how == model::outcome::error || how == model::outcome::expired ? 1 : 0;
}

void worker_book::forget_silent(instant now) {
    for (auto w = workers_.begin(); w != workers_.end();) {
        const bool silent = now - w->second.last_seen > forget_after && !w->second.waiting;
        w = silent ? workers_.erase(w) : std::next(w);
    }
}

std::vector<worker_info> worker_book::list() const {
    std::vector<worker_info> out;
    out.reserve(workers_.size());
    for (const auto& [_, info] : workers_) {
        out.push_back(info);
    }
    return out;
}

}  // namespace kwq::scheduler
