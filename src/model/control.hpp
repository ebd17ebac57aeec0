// control: one record of kwq-control. Gates and the kill switch, whose last value holds; commands,
// which the owner of each shard copies into its status partition once; and the queues there are.
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"
#include "model/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kwq::model {

enum class control_action : std::uint8_t { cancel_job, retry_job, empty_queue };

/// Where a topic of the shard ended when a command was given: what comes later is new work.
struct topic_end {
    queue_name queue;
    model::priority priority;
    offset end;
    friend bool operator==(const topic_end&, const topic_end&) = default;
};

enum class gate_scope : std::uint8_t { all, queue, priority, job };

/// pause or resume; the last value of a scope wins.
struct gate {
    gate_scope scope = gate_scope::all;
    queue_name queue;          // queue, priority
    model::priority priority;  // priority
    job_name job;              // job
    bool paused = false;
    std::optional<instant> until;  // a pause that ends by itself
    std::string reason;
    friend bool operator==(const gate&, const gate&) = default;
};

enum class dispatch_state : std::uint8_t { running, paused, draining, stopped };
std::string_view to_string(dispatch_state s);
std::optional<dispatch_state> parse_dispatch_state(std::string_view text);

/// The kill switch: last value wins.
struct dispatch {
    dispatch_state state = dispatch_state::running;
    std::optional<instant> until;  // back to running by itself
    std::string reason;
    friend bool operator==(const dispatch&, const dispatch&) = default;
};

/// Asks the owner of every shard to carry out `action` once.
struct command {
    control_action action = control_action::cancel_job;
    job_name job;
    queue_name queue;
    std::optional<model::priority> priority;
    std::vector<std::vector<topic_end>> ends;  // by shard, read before this was appended
    friend bool operator==(const command&, const command&) = default;
};

/// A queue exists, with priorities 1..N.
struct queue_defined {
    queue_name queue;
    std::int32_t priorities = default_priorities;
    friend bool operator==(const queue_defined&, const queue_defined&) = default;
};

using control_body = std::variant<gate, dispatch, command, queue_defined>;

struct control_record {
    instant at;
    control_body body;
    friend bool operator==(const control_record&, const control_record&) = default;
};

}  // namespace kwq::model
