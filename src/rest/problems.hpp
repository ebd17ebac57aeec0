// problems: every error an API caller may be told, as HTTP. The one switch from model::errc to a
// status is here, without a default, so that a new code does not compile until it has one.
#pragma once

#include "eventlog/event_log.hpp"
#include "model/error.hpp"
#include "net/http.hpp"

#include <string>
#include <string_view>

namespace kwq::rest {

int status_of(model::errc code);
std::string_view title_of(model::errc code);

/// application/problem+json. A 500 says nothing but its request id; 429 and 503 say when to try
/// again.
net::response problem_response(const model::error& e, std::string_view request_id);

/// For answers that the server gives by itself, with a status and code of its own.
net::response problem_response(int status, std::string_view code, std::string_view detail,
                               std::string_view request_id);

/// What a caller is told of a failed append.
model::error from_log(const eventlog::log_error& e);

/// The headers of every answer that is not an asset: never cached, never sniffed, never framed.
void add_api_headers(net::response& r);

}  // namespace kwq::rest
