// event_topics: what may be watched through GET /events. A topic stands for one GET: its events are
// that call's answers.
#pragma once

#include "model/error.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::rest {

struct event_topic {
    std::string name;                // as it was asked for, and as `event:` says it
    std::string_view call;           // operationId of the GET
    std::vector<std::string> named;  // what its path names, decoded
    std::vector<std::pair<std::string, std::string>> query;
};

/// errc::bad_field when there is no such topic; errc::bad_id when what it names is malformed.
model::result<event_topic> parse_event_topic(std::string_view text);

/// The data of an event: an answer's body as one line. Line breaks can only stand between JSON
/// values.
std::string one_line(std::string_view json);

/// The body without what tells only when it was made: two answers that differ in nothing else are
/// the same.
std::string without_clock(std::string_view json);

/// `event`, `id` and `data` as text/event-stream has them.
std::string event_frame(std::string_view topic, std::uint64_t id, std::string_view data);

}  // namespace kwq::rest
