// intake: how a task gets into the log, whoever brings it: single submits, arrays, bulk lines,
// simulations. Checks what only the server knows (the queue, its priorities), gives ids, appends.
#pragma once

#include "rest/context.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kwq::rest {

struct prepared_task {
    model::task_id id;
    model::queue_name queue;
    model::priority priority;
    bool clamped = false;
    std::string json;  // the record
};

/// What became of one task.
struct placed_task {
    model::task_id id;
    model::priority priority;
    bool clamped = false;
    model::position position;
    std::optional<model::error> refused;
};

/// `index` and the Idempotency-Key, if there is one, make the id of a task that has none.
struct id_origin {
    std::string_view key;
    std::uint64_t index = 0;
    /// Of a task that comes with others, from context::runs: without a key, runs of them get ids of
    /// the same shard. Each shard is an append of its own, and on Kafka a request of its own.
    std::optional<std::uint32_t> run = std::nullopt;
};

/// errc::queue_unknown names the call that makes the queue.
model::result<prepared_task> prepare_task(context& c, model::task t, const id_origin& from);

/// The queue is there; the priority is moved into its 1..N. For submits and follow-ups.
model::result<void> fit_queue(context& c, model::task& t, bool* clamped);

/// Appends all, durable before it answers; tasks of one topic stay in order. `done` is called once,
/// on any thread, with one answer for each in the order given.
void append_tasks(context& c, std::vector<prepared_task> tasks,
                  std::function<void(std::vector<placed_task>)> done);

}  // namespace kwq::rest
