// shard_keys: the keys of a shard's state in its store. One letter says the table.
#pragma once

#include "model/ids.hpp"
#include "scheduler/shard_state.hpp"

#include <string>
#include <string_view>

namespace kwq::scheduler::keys {

inline constexpr std::string_view header = "h";

std::string lane(const lane_key& k);                    // a:
std::string control(offset at);                         // c:
std::string due(instant at, const record& place);       // d:
std::string unfollowed(offset at);                      // f:
std::string id(const model::task_id& id);               // i:
std::string lease(const record& place);                 // l:
std::string parked_prefix(const model::job_name& job);  // p:
std::string parked(const model::job_name& job, const lane_key& k);
std::string returned(const lane_key& k);              // r:
std::string row(const record& place);                 // t:
std::string dead_prefix(const model::job_name& job);  // x:
std::string dead(const model::job_name& job, offset since, const record& place);

/// Reads back what the functions above appended.
lane_key take_lane(std::string_view& key);
record take_record(std::string_view& key);

}  // namespace kwq::scheduler::keys
