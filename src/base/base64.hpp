// base64 without padding in the URL alphabet (RFC 4648 section 5), and the classic one with
// padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kwq {

std::string base64url_encode(std::string_view bytes);
/// Nothing if a character is outside the alphabet, or the length or trailing bits are impossible.
std::optional<std::string> base64url_decode(std::string_view text);

/// RFC 4648 section 4, padded: what `{"base64": …}` results hold.
std::string base64_encode(std::string_view bytes);

}  // namespace kwq
