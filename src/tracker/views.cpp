#include "tracker/views.hpp"

namespace kwq::tracker {

std::string_view to_string(trim_stage s) {
    switch (s) {
        case trim_stage::tasks: return "tasks";
        case trim_stage::ids: return "ids";
        case trim_stage::copies: return "copies";
        case trim_stage::free: return "free";
    }
    return "?";
}

std::string_view to_string(window_count what) {
    switch (what) {
        case window_count::submitted: return "submitted";
        case window_count::allocated: return "allocated";
        case window_count::running: return "running";
        case window_count::complete: return "complete";
        case window_count::error: return "error";
        case window_count::retries: return "retries";
        case window_count::cancelled: return "cancelled";
    }
    return "";
}

}  // namespace kwq::tracker
