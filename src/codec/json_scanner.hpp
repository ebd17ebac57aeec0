// json_scanner: walks JSON text token by token and refuses what the rules of codec/json.hpp refuse.
// It builds nothing and never recurses, so its cost is the text's length and its memory constant.
// Used by codec/json.cpp alone.
#pragma once

#include "model/error.hpp"

#include <cstdint>
#include <string_view>

namespace kwq::codec {

struct string_token {
    std::string_view inner;  // between the quotes, still escaped
    bool escaped = false;
};

struct number_token {
    std::string_view text;
    bool integral = false;  // no fraction and no exponent
};

class json_scanner {
public:
    explicit json_scanner(std::string_view text)
        : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

    const char* at() const { return at_; }
    bool failed() const { return why_ != nullptr; }
    /// Where the first failure was, and why.
    model::error error() const;

    void skip_space() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) {
            ++at_;
        }
    }
    /// The next character after white space, 0 at the end; does not move past it.
    char peek() {
        skip_space();
        return at_ == end_ ? '\0' : *at_;
    }
    void bump() { ++at_; }

    // Each stands on the first character of its token; false after failing.
    bool scan_string(string_token& out);
    bool scan_number(number_token& out);
    bool scan_word(std::string_view word);
    /// One whole value of any kind, by the rules for opaque parts.
    bool skip_value();
    /// Nothing but white space may follow.
    bool scan_end();

    bool fail(const char* why) { return fail_at(at_, why); }
    bool fail_at(const char* where, const char* why);
    /// Fails at a character that fits nowhere, or at the end of the text.
    bool fail_unexpected(const char* wanted);

private:
    bool scan_escape();
    bool scan_digits();
    bool skip_scalar();
    bool skip_member_name();

    const char* begin_;
    const char* at_;
    const char* end_;
    const char* where_ = nullptr;
    const char* why_ = nullptr;
};

/// Bytes of the well-formed UTF-8 sequence at `at`, 0 when it is not one.
std::size_t utf8_sequence(const char* at, const char* end);
/// Bytes from `at` on that need neither a look nor an escape in a JSON string: printable ASCII
/// other than quote and backslash.
std::size_t plain_run(const char* at, const char* end);
/// Writes the string that `escaped`, as scan_string accepted it, stands for; returns its length,
/// never more than escaped.size().
std::size_t unescape(std::string_view escaped, char* out);

}  // namespace kwq::codec
