#include "scheduler/ready_board.hpp"

#include <algorithm>

namespace kwq::scheduler {

void ready_board::publish(model::shard_id shard, levels ready, model::dispatch_state dispatch) {
    bool more = !ready.empty();
    {
        const std::lock_guard lock(mutex_);
        more = more || dispatch != dispatch_;
        dispatch_ = dispatch;
        ready_[shard] = std::move(ready);
    }
    if (more) {
        on_ready_();
    }
}

std::size_t ready_board::take_at(const level& where, std::size_t wanted,
                                 std::map<model::shard_id, std::size_t>& from) {
    std::size_t taken = 0;
    const auto visit = [&](model::shard_id shard, levels& of_shard) {
        const auto queue = of_shard.find(where.queue);
        const auto at =
            queue == of_shard.end() ? queue_levels::iterator{} : queue->second.find(where.priority);
        if (queue == of_shard.end() || at == queue->second.end() || taken == wanted) {
            return;
        }
        const auto n = std::min(wanted - taken, at->second);
        taken += n;
        from[shard] += n;
        at->second -= n;
        if (at->second == 0) {
            queue->second.erase(at);
        }
        turn_ = shard.value() + 1;
    };
    const auto first = ready_.lower_bound(model::shard_id{turn_});
    std::vector<std::map<model::shard_id, levels>::iterator> in_turn;
    for (auto at = first; at != ready_.end(); ++at) {
        in_turn.push_back(at);
    }
    for (auto at = ready_.begin(); at != first; ++at) {
        in_turn.push_back(at);
    }
    for (const auto& at : in_turn) {
        visit(at->first, at->second);
    }
    return taken;
}

std::vector<ready_board::share> ready_board::take(const std::vector<model::queue_name>& queues,
                                                  std::size_t wanted) {
    const std::lock_guard lock(mutex_);
    std::map<model::shard_id, std::size_t> from;
    for (const auto& queue : queues) {
        std::set<model::priority, std::greater<>> priorities;
        for (const auto& [_, of_shard] : ready_) {
            if (const auto found = of_shard.find(queue); found != of_shard.end()) {
                for (const auto& [p, n] : found->second) {
                    priorities.insert(p);
                }
            }
        }
        for (const auto p : priorities) {
            wanted -= take_at({queue, p}, wanted, from);
        }
    }
    std::vector<share> out;
    out.reserve(from.size());
    for (const auto& [shard, tasks] : from) {
        out.push_back({shard, tasks});
    }
    return out;
}

std::optional<ready_board::level> ready_board::best(
    const std::vector<model::queue_name>& queues) const {
    const std::lock_guard lock(mutex_);
    for (const auto& queue : queues) {
        std::optional<model::priority> highest;
        for (const auto& [_, of_shard] : ready_) {
            const auto found = of_shard.find(queue);
            if (found != of_shard.end() && !found->second.empty()) {
                highest = std::max(highest, std::optional(found->second.begin()->first));
            }
        }
        if (highest) {
            return level{queue, *highest};
        }
    }
    return std::nullopt;
}

ready_board::levels ready_board::all() const {
    const std::lock_guard lock(mutex_);
    levels out;
    for (const auto& [_, of_shard] : ready_) {
        for (const auto& [queue, priorities] : of_shard) {
            for (const auto& [p, tasks] : priorities) {
                out[queue][p] += tasks;
            }
        }
    }
    return out;
}

model::dispatch_state ready_board::dispatch() const {
    const std::lock_guard lock(mutex_);
    return dispatch_;
}

}  // namespace kwq::scheduler
