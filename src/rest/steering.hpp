// steering: what pauses and commands have in common: how they are read, what they answer.
#pragma once

#include "rest/context.hpp"
#include "rest/readers.hpp"
#include "rest/views.hpp"

#include <functional>
#include <string>

namespace kwq::rest {

struct pause_wish {
    std::optional<instant> until;
    std::string reason;
};

/// `for_s` and `reason`, from the body or the query.
model::result<pause_wish> read_pause(const context& c, const call& q);

/// Answers a receipt with what the counters said before.
scheduler::callback<model::result<scheduler::command_receipt>> answer_steered(
    context& c, const reply& to, std::uint64_t affected);

/// Where the topics of a queue end, by shard: what a command covers.
std::vector<std::vector<model::topic_end>> ends_of_queue(context& c,
                                                         const model::queue_name& queue);
/// The same over all queues: what a command on a job covers.
void ends_of_all(context& c, std::function<void(std::vector<std::vector<model::topic_end>>)> done);

std::uint64_t waiting(const tracker::state_counts& counts);  // scheduled, pending
std::uint64_t unfinished(const tracker::state_counts& counts);

}  // namespace kwq::rest
