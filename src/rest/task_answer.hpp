// task_answer: one task as GET /tasks/{id} answers it: what the tracker knows, what its record
// says, and, while it waits, why.
#pragma once

#include "rest/context.hpp"
#include "tracker/tracker.hpp"

#include <vector>

namespace kwq::rest {

/// Asks the scheduler for what may hold it back, then answers.
void answer_task(context& c, tracker::task_view t, bool with_payload, const reply& to);

/// What is known of a task that waits, beside the task itself.
struct waiting_reasons {
    std::vector<model::gate> gates;  // in force
    scheduler::dispatch_info dispatch;
    bool served = false;  // a worker that was heard of lately takes work from its queue
};

/// One thing that holds a task back; the first is the one to change first.
struct waiting_reason {
    std::string_view code;
    std::string text;
    std::optional<instant> until;
    std::optional<std::int64_t> ahead;
    std::optional<model::priority> priority;
};
std::vector<waiting_reason> why_waiting(const tracker::task_view& t, const waiting_reasons& known);

}  // namespace kwq::rest
