// settings_text: see the header.
#include "app/settings_text.hpp"

#include <algorithm>

namespace kwq::app {

namespace {

bool is_stray(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x7f || (byte < 0x20 && c != '\t' && c != '\r' && c != '\n');
}

/// Behind the string that begins `text`; one that does not end ends with the text.
std::size_t string_end(std::string_view text) {
    const char mark = text.front();
    const bool many_lines = text.size() >= 3 && text[1] == mark && text[2] == mark;
    const std::size_t marks = many_lines ? 3 : 1;
    for (std::size_t i = marks; i < text.size(); ++i) {
        if (text[i] == '\\' && mark == '"') {
            ++i;
        } else if (text[i] == '\n' && !many_lines) {
            return i;  // not TOML: the parser says so
        } else if (text.substr(i, marks) == text.substr(0, marks)) {
            const std::size_t past = i + marks;  // the last marks of a long one are its own
            const std::size_t most = std::min(past + (many_lines ? 2 : 0), text.size());
            return std::min(text.find_first_not_of(mark, past), most);
        }
    }
    return text.size();
}

}  // namespace

std::optional<int> line_of_stray_byte(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    std::size_t at = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"' || c == '\'') {
            at += string_end(text.substr(at));
        } else if (c == '#') {
            at = std::min(text.find('\n', at), text.size());
        } else if (is_stray(c)) {
            return 1 + static_cast<int>(std::count(
                           text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
        } else {
            ++at;
        }
    }
    return std::nullopt;
}

}  // namespace kwq::app
