// ready_board: how many tasks each shard of this instance could hand out right now, by queue and
// priority. Shards write it after each of their turns; who chooses a shard for a poll reads it. A
// hint: between the look and the poll another may have taken them. Any thread.
#pragma once

#include "model/event.hpp"
#include "model/ids.hpp"
#include "scheduler/overview.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kwq::scheduler {

class ready_board {
public:
    using levels = ready_levels;
    using queue_levels = levels::mapped_type;

    /// So many leases are to be asked of this shard.
    struct share {
        model::shard_id shard;
        std::size_t tasks = 0;
    };
    /// A priority at which there is something, and how much.
    struct level {
        model::queue_name queue;
        model::priority priority;
    };

    /// `on_ready` is called when there may be more than before, or the kill switch has changed.
    explicit ready_board(std::function<void()> on_ready) : on_ready_(std::move(on_ready)) {}

    void publish(model::shard_id shard, levels ready, model::dispatch_state dispatch);
    /// Where to take at most `wanted` tasks from: the queues in the order given, in each the most
    /// urgent first whichever shard it is in, equals in turn. Takes them off the board.
    std::vector<share> take(const std::vector<model::queue_name>& queues, std::size_t wanted);
    /// What other instances have, by their urls.
    void set_others(std::map<std::string, levels> ready);
    /// The other instance that has something more urgent for these queues than any shard here, or
    /// something where there is nothing here; then `wanted` are taken off its levels.
    std::optional<std::string> elsewhere(const std::vector<model::queue_name>& queues,
                                         std::size_t wanted);
    /// Every queue's levels, all shards together.
    levels all() const;
    /// Queues that have something, here or elsewhere.
    std::set<model::queue_name> queues() const;
    model::dispatch_state dispatch() const;

private:
    std::size_t take_at(const level& where, std::size_t wanted,
                        std::map<model::shard_id, std::size_t>& from);

    const std::function<void()> on_ready_;
    mutable std::mutex mutex_;
    // under mutex_
    std::map<model::shard_id, levels> ready_;
    std::map<std::string, levels> others_;
    model::dispatch_state dispatch_ = model::dispatch_state::running;
    std::int32_t turn_ = 0;  // the shard that equals begin with
};

}  // namespace kwq::scheduler
