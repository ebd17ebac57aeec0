// settings_text: a look at a settings file before its parser's. TOML has nothing but ASCII outside
// of strings and comments; the parser does not always survive being shown something else there.
#pragma once

#include <optional>
#include <string_view>

namespace kwq::app {

/// The line, from 1, of the first byte outside of strings and comments that no TOML has there: a
/// control character, or one beyond ASCII. A byte order mark at the beginning is passed over.
std::optional<int> line_of_stray_byte(std::string_view text);

}  // namespace kwq::app
