// The head of an answer as bytes: status line, the fields every answer has, the handler's own. What
// a handler passes on from a request cannot break out of a field. Pure functions.
#pragma once

#include "base/clock.hpp"
#include "net/http.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kwq::net {

struct answer_framing {
    std::optional<std::size_t> content_length;  // nothing: chunked, or until the connection closes
    int minor_version = 1;
    bool keep_alive = true;
    std::string_view date;
};

/// Security fields are added unless the handler set them; framing fields of the handler are
/// dropped.
std::string response_head(const response& r, const answer_framing& framing);

/// Whether answers with `status` have a body at all (not 1xx, 204, 304).
bool has_body(int status);

/// As the Date field wants it: `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string http_date(instant at);

}  // namespace kwq::net
