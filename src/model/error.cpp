#include "model/error.hpp"

#include <stdexcept>

namespace kwq::model {

std::string_view to_string(errc code) {
    switch (code) {
        case errc::bad_request: return "bad_request";
        case errc::bad_field: return "bad_field";
        case errc::bad_id: return "bad_id";
        case errc::bad_cursor: return "bad_cursor";
        case errc::not_supported: return "not_supported";
        case errc::unauthorized: return "unauthorized";
        case errc::forbidden: return "forbidden";
        case errc::host_not_allowed: return "host_not_allowed";
        case errc::route_unknown: return "route_unknown";
        case errc::method_not_allowed: return "method_not_allowed";
        case errc::length_required: return "length_required";
        case errc::payload_too_large: return "payload_too_large";
        case errc::header_too_large: return "header_too_large";
        case errc::media_type: return "media_type";
        case errc::task_unknown: return "task_unknown";
        case errc::job_unknown: return "job_unknown";
        case errc::tag_unknown: return "tag_unknown";
        case errc::error_unknown: return "error_unknown";
        case errc::queue_unknown: return "queue_unknown";
        case errc::lease_lost: return "lease_lost";
        case errc::outcome_conflict: return "outcome_conflict";
        case errc::not_retriable: return "not_retriable";
        case errc::already_terminal: return "already_terminal";
        case errc::not_waiting: return "not_waiting";
        case errc::queue_exists: return "queue_exists";
        case errc::idempotency_conflict: return "idempotency_conflict";
        case errc::request_timeout: return "request_timeout";
        case errc::too_many_requests: return "too_many_requests";
        case errc::overloaded: return "overloaded";
        case errc::stopping: return "stopping";
        case errc::not_owner: return "not_owner";
        case errc::out_of_touch: return "out_of_touch";
        case errc::tracker_behind: return "tracker_behind";
        case errc::outcome_unknown: return "outcome_unknown";
        case errc::storage_full: return "storage_full";
        case errc::internal: return "internal";
    }
    return "internal";
}

void throw_exception_from_error(const error& e, const boost::source_location&) {
    throw std::logic_error("unchecked result: " + std::string(to_string(e.code)) + ": " + e.detail);
}

}  // namespace kwq::model
