// error: why a request was refused or could not be finished, in terms an API caller may be told.
// Every code has one slug (stable, part of the API), one HTTP status and one line in
// docs/api-errors.md; the switch over them has no default, so a new code fails to compile there.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace kwq::model {

enum class errc {
    // the request is wrong: changing it is the only way
    bad_request,       // not JSON, or JSON that breaks an envelope rule
    bad_field,         // a field or parameter has a wrong type or value; `field` names it
    bad_id,            // an id, name or lease does not fit its alphabet or length
    bad_cursor,        // a page cursor this server did not make, or of other filters
    not_supported,     // reserved for a later version (tenant, gang, array, after)
    unauthorized,      // no or malformed credentials
    forbidden,         // wrong credentials, or a foreign origin
    host_not_allowed,  // Host is not in the allow-list
    route_unknown,
    method_not_allowed,
    length_required,    // no Content-Length
    payload_too_large,  // body, line, payload or batch over its limit
    header_too_large,
    media_type,  // Content-Type is not what the route reads
    // the request is right, the state is not
    task_unknown,
    job_unknown,
    tag_unknown,
    queue_unknown,
    error_unknown,         // no error group has this fingerprint
    lease_lost,            // the lease is not the live one any more
    outcome_conflict,      // the task was settled by this lease, with another outcome
    not_retriable,         // retry of a task that is not a dead letter
    already_terminal,      // cancel of a task that has ended otherwise
    not_waiting,           // another priority for a task that is leased or has ended
    queue_exists,          // a queue is there with another number of priorities
    idempotency_conflict,  // the Idempotency-Key was used with another body
    // the server cannot now: the same request may succeed later
    request_timeout,  // the request did not arrive in time
    too_many_requests,
    overloaded,  // waiting pollers, mailbox or connections at their limit
    stopping,
    not_owner,        // no owner, or one that is not up to date
    out_of_touch,     // the log does not answer this instance
    tracker_behind,   // `after` was not reached in time
    outcome_unknown,  // it may or may not have happened; repeating is safe
    storage_full,
    internal,
};

/// The slug: what `code` holds in problem+json and what scripts compare.
std::string_view to_string(errc code);

struct error {
    errc code = errc::internal;
    std::string detail;  // a sentence for a person; never the contents of a payload
    std::string field;   // JSON pointer or parameter name, empty when none is to blame

    friend bool operator==(const error&, const error&) = default;
};

template <class T>
using result = result_of<T, error>;

[[noreturn]] void throw_exception_from_error(const error& e, const boost::source_location& where);

}  // namespace kwq::model
