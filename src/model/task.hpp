// task: what a producer submits and a worker is handed. A plain value; limits on its fields are
// enforced by codec/task_codec, which is where foreign bytes become one.
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kwq::model {

/// What bounds the runs of a task. Written out in the task's first event, so that folds need no
/// configuration.
struct task_limits {
    std::uint32_t max_attempts = 4;  // one run and three retries
    milliseconds lease{60'000};
    milliseconds backoff{5'000};
    std::optional<milliseconds> timeout;  // of one run; none: as long as heartbeats come

    friend bool operator==(const task_limits&, const task_limits&) = default;
};

inline constexpr std::int32_t default_priority = 5;
inline constexpr std::int32_t default_priorities = 9;  // N of a queue unless it says otherwise

struct task {
    task_id id;  // may be empty in a submit and on a topic: then it is derived
    queue_name queue{"default"};
    job_name job{"default"};
    std::vector<tag_name> tags;
    model::priority priority{default_priority};
    std::string payload;  // JSON text exactly as it came, byte for byte
    std::vector<std::string> affinity;
    task_limits limits;
    std::optional<instant> not_before;
    std::optional<instant> expires_at;
    std::vector<std::pair<std::string, std::string>> meta;  // in the order given
    std::string source;

    friend bool operator==(const task&, const task&) = default;
};

/// A task read from its topic: with its id settled, and when the log got it.
struct stored_task {
    record place;
    instant submitted_at;
    task body;

    friend bool operator==(const stored_task&, const stored_task&) = default;
};

/// States as people see them. `scheduled` waits for a time or a retry, `error` is a dead letter.
enum class task_state : std::uint8_t {
    scheduled,
    pending,
    allocated,
    running,
    complete,
    error,
    cancelled,
};
inline constexpr int task_state_count = 7;

std::string_view to_string(task_state s);
std::optional<task_state> parse_task_state(std::string_view text);
bool is_terminal(task_state s);

}  // namespace kwq::model
