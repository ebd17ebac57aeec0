#include "rest/problems.hpp"

#include "codec/json.hpp"

namespace kwq::rest {

using model::errc;

int status_of(errc code) {
    switch (code) {
        case errc::bad_request:
        case errc::bad_field:
        case errc::bad_id:
        case errc::bad_cursor:
        case errc::not_supported: return 400;
        case errc::unauthorized: return 401;
        case errc::forbidden: return 403;
        case errc::host_not_allowed: return 421;
        case errc::route_unknown:
        case errc::task_unknown:
        case errc::job_unknown:
        case errc::tag_unknown:
        case errc::error_unknown:
        case errc::queue_unknown: return 404;
        case errc::method_not_allowed: return 405;
        case errc::length_required: return 411;
        case errc::payload_too_large: return 413;
        case errc::media_type: return 415;
        case errc::header_too_large: return 431;
        case errc::lease_lost:
        case errc::outcome_conflict:
        case errc::not_retriable:
        case errc::already_terminal:
        case errc::not_waiting:
        case errc::queue_exists: return 409;
        case errc::idempotency_conflict: return 422;
        case errc::request_timeout: return 408;
        case errc::too_many_requests: return 429;
        case errc::overloaded:
        case errc::stopping:
        case errc::not_owner:
        case errc::out_of_touch:
        case errc::tracker_behind:
        case errc::outcome_unknown: return 503;
        case errc::storage_full: return 507;
        case errc::internal: return 500;
    }
    return 500;
}

std::string_view title_of(errc code) {
    switch (code) {
        case errc::bad_request: return "The request cannot be read";
        case errc::bad_field: return "A field or parameter has a wrong value";
        case errc::bad_id: return "An id, name or lease is malformed";
        case errc::bad_cursor: return "The cursor is not one of this list";
        case errc::not_supported: return "Reserved for a later version";
        case errc::unauthorized: return "A token is wanted";
        case errc::forbidden: return "The token or the origin is not accepted";
        case errc::host_not_allowed: return "The Host is not in the allow-list";
        case errc::route_unknown: return "There is nothing at this address";
        case errc::method_not_allowed: return "The address does not take this method";
        case errc::length_required: return "A Content-Length is wanted";
        case errc::payload_too_large: return "Larger than the limit";
        case errc::header_too_large: return "The header is larger than the limit";
        case errc::media_type: return "The Content-Type is not one this call reads";
        case errc::task_unknown: return "No such task";
        case errc::job_unknown: return "No such job";
        case errc::tag_unknown: return "No such tag";
        case errc::error_unknown: return "No such error group";
        case errc::queue_unknown: return "No such queue";
        case errc::lease_lost: return "The lease is not the live one";
        case errc::outcome_conflict: return "The task was settled with another outcome";
        case errc::not_retriable: return "The task is not a dead letter";
        case errc::already_terminal: return "The task has ended";
        case errc::not_waiting: return "The task does not wait";
        case errc::queue_exists: return "The queue exists with other priorities";
        case errc::idempotency_conflict: return "The Idempotency-Key came with another body";
        case errc::request_timeout: return "The request did not arrive in time";
        case errc::too_many_requests: return "Too many requests";
        case errc::overloaded: return "A limit is reached; try again";
        case errc::stopping: return "The server is stopping";
        case errc::not_owner: return "Nobody can decide right now";
        case errc::out_of_touch: return "The log does not answer this instance";
        case errc::tracker_behind: return "The position is not folded yet";
        case errc::outcome_unknown: return "It may or may not have happened; repeat it";
        case errc::storage_full: return "No space is left for the log";
        case errc::internal: return "An error of the server";
    }
    return "An error of the server";
}

void add_api_headers(net::response& r) {
    r.headers.emplace_back("Cache-Control", "no-store");
    r.headers.emplace_back("X-Content-Type-Options", "nosniff");
    r.headers.emplace_back("X-Frame-Options", "DENY");
    r.headers.emplace_back("Referrer-Policy", "no-referrer");
    r.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
}

namespace {

struct problem_parts {
    int status = 500;
    std::string_view code;
    std::string_view title;
    std::string_view detail;
    std::string_view field;
    std::string_view request_id;
};

net::response render(const problem_parts& p) {
    net::response r;
    r.status = p.status;
    r.content_type = "application/problem+json";
    codec::json_writer w(r.body);
    w.begin_object();
    w.field("type", "urn:kwq:error:" + std::string(p.code));
    w.field("title", p.title).field("status", p.status);
    if (!p.detail.empty() && p.status != 500) {
        w.field("detail", p.detail);
    }
    w.field("code", p.code);
    if (!p.field.empty()) {
        w.key("errors").begin_array().begin_object();
        w.field("pointer", p.field).field("detail", p.detail);
        w.end_object().end_array();
    }
    w.field("request_id", p.request_id).end_object();
    add_api_headers(r);
    if (p.status == 429 || p.status == 503) {
        r.headers.emplace_back("Retry-After", "1");
    }
    if (p.status == 401) {
        r.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"kwq\"");
    }
    return r;
}

}  // namespace

net::response problem_response(const model::error& e, std::string_view request_id) {
    return render({.status = status_of(e.code),
                   .code = to_string(e.code),
                   .title = title_of(e.code),
                   .detail = e.detail,
                   .field = e.field,
                   .request_id = request_id});
}

net::response problem_response(int status, std::string_view code, std::string_view detail,
                               std::string_view request_id) {
    return render({.status = status,
                   .code = code,
                   .title = status >= 500 ? "The server could not answer" : "Request refused",
                   .detail = detail,
                   .field = {},
                   .request_id = request_id});
}

model::error from_log(const eventlog::log_error& e) {
    switch (e.code) {
        case eventlog::errc::unknown:
            return {errc::outcome_unknown, "the log did not say whether it was written", {}};
        case eventlog::errc::stopped: return {errc::stopping, "the log takes nothing more", {}};
        case eventlog::errc::overloaded:
            return {errc::overloaded, "too much waits to be written; nothing was taken", {}};
        case eventlog::errc::too_large:
            return {errc::payload_too_large, "the record is larger than the log takes", {}};
        case eventlog::errc::storage_full:
            return {errc::storage_full, "no space is left; nothing was taken", {}};
        case eventlog::errc::topic_unknown:
            return {errc::queue_unknown, "the queue has no topic for this priority", {}};
        case eventlog::errc::topic_mismatch:
        case eventlog::errc::trimmed:
        case eventlog::errc::corrupt:
        case eventlog::errc::cannot_open: break;
    }
    return {errc::internal, e.detail, {}};
}

}  // namespace kwq::rest
