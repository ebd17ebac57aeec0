#include "model/task.hpp"

namespace kwq::model {

std::string_view to_string(task_state s) {
    switch (s) {
        case task_state::scheduled: return "scheduled";
        case task_state::pending: return "pending";
        case task_state::allocated: return "allocated";
        case task_state::running: return "running";
        case task_state::complete: return "complete";
        case task_state::error: return "error";
        case task_state::cancelled: return "cancelled";
    }
    return "?";
}

std::optional<task_state> parse_task_state(std::string_view text) {
    for (int i = 0; i < task_state_count; ++i) {
        const auto s = static_cast<task_state>(i);
        if (text == to_string(s)) {
            return s;
        }
    }
    return std::nullopt;
}

bool is_terminal(task_state s) {
    return s == task_state::complete || s == task_state::error || s == task_state::cancelled;
}

}  // namespace kwq::model
