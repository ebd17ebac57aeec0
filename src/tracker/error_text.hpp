// error_text: what many errors have in common. A worker's message is normalised (numbers, ids,
// addresses, paths and quoted texts become placeholders), and its fingerprint names the group of
// all messages that come out the same. Fixed for ever: fingerprints are stored and linked to.
#pragma once

#include "base/named.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kwq::tracker {

using error_fingerprint = named<std::uint64_t, struct error_fingerprint_tag>;  // 0: none

/// Stands for every group beyond those that are counted by name.
inline const error_fingerprint other_errors{1};

inline constexpr std::size_t max_normalised_bytes = 200;

/// One line of at most max_normalised_bytes: `#` for a number, a hexadecimal or an id, `<path>` for
/// a path or an address of the web, `"…"` for a quoted text. A Python traceback is its last line.
std::string normalised_error(std::string_view message);

/// Of a message as the worker gave it.
error_fingerprint fingerprint_of(std::string_view message);
error_fingerprint fingerprint_of_normalised(std::string_view text);

std::string to_string(error_fingerprint f);  // 16 hexadecimal digits
std::optional<error_fingerprint> parse_error_fingerprint(std::string_view text);

}  // namespace kwq::tracker
