// shard_answers: what a shard says, as the scheduler's callers hear it, and how the answers of
// several shards become one.
#pragma once

#include "eventlog/event_log.hpp"
#include "scheduler/effects.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/shard.hpp"

#include <vector>

namespace kwq::scheduler {

model::error stopping_error();
model::error unknown_outcome();
model::error from_log(const eventlog::log_error& e);
result<settle_status> to_result(const reply& r);
/// Of a cancel or retry of one task.
result<offset> to_offset(const reply& r, model::errc when_refused);
result<reprioritised> to_reprioritised(const reply& r);

std::vector<queue_info> queues_of(const shard& core, const moment& now);

dispatch_info merge(const std::vector<dispatch_info>& of_shards);
scheduler_stats merge(const std::vector<scheduler_stats>& of_shards);
std::vector<queue_info> merge(const std::vector<std::vector<queue_info>>& of_shards);
std::vector<lease_info> merge(const std::vector<std::vector<lease_info>>& of_shards);
std::vector<eventlog::log_need> merge(
    const std::vector<std::vector<eventlog::log_need>>& of_shards);
std::vector<worker_info> merge(const std::vector<std::vector<worker_info>>& of_shards);

}  // namespace kwq::scheduler
