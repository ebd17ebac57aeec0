// task_fields: the fields of a task as `kwq submit` takes them, and the JSON made from them.
#pragma once

#include "cli/command.hpp"
#include "cli/failure.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::cli {

struct task_fields {
    std::optional<std::string> id;
    std::optional<std::string> queue;
    std::optional<std::string> job;
    std::vector<std::string> tags;
    std::optional<std::int64_t> priority;
    std::vector<std::string> affinity;
    std::optional<milliseconds> delay;
    std::optional<std::string> not_before;
    std::optional<std::string> expires;  // a duration from now, or an instant
    std::optional<std::int64_t> max_attempts;
    std::optional<milliseconds> lease;
    std::optional<milliseconds> timeout;
    std::optional<milliseconds> backoff;
    std::vector<std::string> meta;  // NAME=VALUE
};

std::vector<option> task_options(task_fields& to);

/// Name and JSON of each field that was given, in the API's order. `id` is not among them when
/// `for_many`: many tasks cannot share one.
outcome<std::vector<std::pair<std::string, std::string>>> json_fields(const task_fields& fields,
                                                                      instant now, bool for_many);
/// A whole task.
outcome<std::string> task_json(const task_fields& fields, std::string_view payload, instant now);

/// `text` as a JSON string.
std::string json_string(std::string_view text);

}  // namespace kwq::cli
