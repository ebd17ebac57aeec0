// passed_on: what one instance asks another, in the words of the ordinary API, and how the answers
// are read. The other may be of another version: what it says is read as strictly as a client's.
#pragma once

#include "scheduler/scheduler.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kwq::cluster {

/// The body of a lease request that takes at once, or only settles.
std::string write_poll(const scheduler::poll_request& p);
model::result<scheduler::poll_answer> read_poll_answer(std::string_view body);

std::string write_heartbeats(const std::vector<scheduler::heartbeat>& beats);
/// In the order asked.
model::result<std::vector<scheduler::heartbeat_answer>> read_heartbeats(std::string_view body,
                                                                        std::size_t count);

/// {"queues": {"default": {"9": 12}}}
model::result<scheduler::ready_levels> read_ready(std::string_view body);

/// What another instance answered to a change of a task's priority.
model::result<scheduler::reprioritised> read_move(std::string_view body);
/// The problem that another instance answered with.
model::error read_problem(int status, std::string_view body);

}  // namespace kwq::cluster
