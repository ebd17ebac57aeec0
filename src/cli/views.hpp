// views: how answers of the API look to people: one task in full, a job or tag in full, lists as
// tables. Pure: JSON in, text out.
#pragma once

#include "base/clock.hpp"
#include "codec/json.hpp"

#include <string>
#include <string_view>

namespace kwq::cli {

struct look {
    instant now;
    bool colours = false;
};

/// A state in its colour, when colours are wanted.
std::string coloured_state(std::string_view state, const look& how);

std::string task_view(const codec::json_value& task, const look& how);
std::string group_view(const codec::json_value& group, const look& how);

std::string tasks_table(const codec::json_value& page, const look& how);
/// `name`: "job" or "tag".
std::string groups_table(const codec::json_value& page, std::string_view name, const look& how);
std::string queues_table(const codec::json_value& page, const look& how);
std::string workers_table(const codec::json_value& page, const look& how);
std::string leases_table(const codec::json_value& page, const look& how);

/// `1,204 pending, 8 running, …` without the zeros; `nothing` when all are.
std::string counts_line(const codec::json_value& group);
/// Tasks of a group in `state`.
std::int64_t count_of(const codec::json_value& group, std::string_view state);
/// Tasks that have not ended.
std::int64_t open_count(const codec::json_value& group);

}  // namespace kwq::cli
