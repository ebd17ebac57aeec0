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

void ready_board::set_others(std::map<std::string, levels> ready) {
    const bool more = !ready.empty();
    {
        const std::lock_guard lock(mutex_);
        others_ = std::move(ready);
    }
    if (more) {
        on_ready_();
    }
}

std::optional<std::string> ready_board::elsewhere(const std::vector<model::queue_name>& queues,
                                                  std::size_t wanted) {
    const std::lock_guard lock(mutex_);
    for (const auto& queue : queues) {
        model::priority highest{0};
        for (const auto& [_, of_shard] : ready_) {
            const auto found = of_shard.find(queue);
            if (found != of_shard.end() && !found->second.empty()) {
                highest = std::max(highest, found->second.begin()->first);
            }
        }
        const auto own = highest;
        std::map<std::string, levels>::iterator best;
        for (auto other = others_.begin(); other != others_.end(); ++other) {
            const auto found = other->second.find(queue);
            if (found != other->second.end() && !found->second.empty() &&
                found->second.begin()->first > highest) {
                highest = found->second.begin()->first;
                best = other;
            }
        }
        if (highest > own) {
            auto& levels_there = best->second.at(queue);
            auto& tasks = levels_there.begin()->second;
            tasks -= std::min(tasks, wanted);
            if (tasks == 0) {
                levels_there.erase(levels_there.begin());
            }
            return best->first;
        }
        if (own.value() > 0) {
            return std::nullopt;  // the first queue with work wins
        }
    }
    return std::nullopt;
}

std::set<model::queue_name> ready_board::queues() const {
    const std::lock_guard lock(mutex_);
    std::set<model::queue_name> out;
    const auto add = [&out](const levels& l) {
        for (const auto& [queue, priorities] : l) {
            if (!priorities.empty()) {
                out.insert(queue);
            }
        }
    };
    for (const auto& [_, of_shard] : ready_) {
        add(of_shard);
    }
    for (const auto& [_, of_other] : others_) {
        add(of_other);
    }
    return out;
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
