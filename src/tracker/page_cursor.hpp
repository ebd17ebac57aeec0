// page_cursor: where a page of a listing ended, opaque to clients. It names the question it belongs
// to, so that the cursor of one listing is refused by another.
#pragma once

#include "tracker/tracker.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kwq::tracker {

/// `question`: everything that decides what is listed and in which order.
std::string write_cursor(std::string_view question, std::string_view last);
/// The `last` it was made with; errc::bad_cursor when it is not one of this question.
result<std::string> read_cursor(std::string_view question, const std::string& cursor);

}  // namespace kwq::tracker
