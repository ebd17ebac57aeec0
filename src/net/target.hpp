// The request target, judged byte by byte: origin-form only, nothing that another program on the
// way might read differently. Pure functions; no state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::net {

struct split_target {
    std::string path;                                        // percent-encoded, starts with '/'
    std::vector<std::pair<std::string, std::string>> query;  // percent-decoded, '+' is a space
};

/// Why a target is refused, as the end of the sentence "the target ...".
struct target_fault {
    std::string_view reason;
};

/// Splits `target`, or says what is wrong with it: a byte outside RFC 3986's path and query, a bad
/// percent code, %00, a dot segment (encoded or not), or text that is not UTF-8 once decoded. %2F
/// is kept as it is: names in a path may hold a slash.
std::optional<target_fault> split(std::string_view target, split_target& into);

/// Strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace kwq::net
