#include "codec/json_scanner.hpp"

#include "codec/json.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace kwq::codec {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

int hex_digit(char c) {
    if (is_digit(c)) {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The four hex digits at `at`; -1 when they are not there.
int hex4(const char* at, const char* end) {
    if (end - at < 4) {
        return -1;
    }
    int value = 0;
    for (int i = 0; i < 4; ++i) {
        const int digit = hex_digit(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

bool is_high_surrogate(int unit) {
    return unit >= 0xd800 && unit <= 0xdbff;
}
bool is_low_surrogate(int unit) {
    return unit >= 0xdc00 && unit <= 0xdfff;
}

bool is_plain(char c) {
    return c >= 0x20 && c != '"' && c != '\\';  // char is signed: 0x80 and up are negative
}

char* put_utf8(char* out, std::uint32_t c) {
    const auto put = [&out](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xc0U | c >> 6), put(0x80U | (c & 0x3fU));
    } else if (c < 0x10000) {
        put(0xe0U | c >> 12), put(0x80U | ((c >> 6) & 0x3fU)), put(0x80U | (c & 0x3fU));
    } else {
        put(0xf0U | c >> 18), put(0x80U | ((c >> 12) & 0x3fU));
        put(0x80U | ((c >> 6) & 0x3fU)), put(0x80U | (c & 0x3fU));
    }
    return out;
}

char short_escape(char c) {
    switch (c) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return c;  // quote, backslash, slash
    }
}

}  // namespace

std::size_t utf8_sequence(const char* at, const char* end) {
    const auto byte = [at](int i) { return static_cast<std::uint8_t>(at[i]); };
    const auto follows = [&](int i) { return (byte(i) & 0xc0U) == 0x80U; };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return end - at >= 2 && follows(1) ? 2 : 0;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        const bool whole = end - at >= 3 && follows(1) && follows(2);
        const bool overlong = lead == 0xe0 && whole && byte(1) < 0xa0;
        const bool surrogate = lead == 0xed && whole && byte(1) >= 0xa0;
        return whole && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const bool whole = end - at >= 4 && follows(1) && follows(2) && follows(3);
        const bool overlong = lead == 0xf0 && whole && byte(1) < 0x90;
        const bool too_high = lead == 0xf4 && whole && byte(1) >= 0x90;
        return whole && !overlong && !too_high ? 4 : 0;
    }
    return 0;
}

std::size_t plain_run(const char* at, const char* end) {
    static_assert(std::endian::native == std::endian::little);
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    constexpr std::uint64_t highs = 0x8080808080808080ULL;
    const auto zero_bytes = [](std::uint64_t v) { return (v - ones) & ~v; };
    const char* p = at;
    while (end - p >= 8) {
        std::uint64_t v = 0;
        std::memcpy(&v, p, 8);
        // Exact up to and at the first such byte, which is all that is asked for.
        const std::uint64_t stop =
            (v | (v - ones * 0x20) | zero_bytes(v ^ (ones * '"')) | zero_bytes(v ^ (ones * '\\'))) &
            highs;
        if (stop != 0) {
            return static_cast<std::size_t>(p - at) +
                   static_cast<std::size_t>(std::countr_zero(stop)) / 8;
        }
        p += 8;
    }
    while (p != end && is_plain(*p)) {
        ++p;
    }
    return static_cast<std::size_t>(p - at);
}

std::size_t unescape(std::string_view escaped, char* out) {
    char* const first = out;
    const char* at = escaped.data();
    const char* const end = at + escaped.size();
    while (at != end) {
        if (*at != '\\') {
            *out++ = *at++;
            continue;
        }
        if (at[1] != 'u') {
            *out++ = short_escape(at[1]);
            at += 2;
            continue;
        }
        auto code = static_cast<std::uint32_t>(hex4(at + 2, end));
        at += 6;
        if (is_high_surrogate(static_cast<int>(code))) {
            const auto low = static_cast<std::uint32_t>(hex4(at + 2, end));
            code = 0x10000U + ((code - 0xd800U) << 10) + (low - 0xdc00U);
            at += 6;
        }
        out = put_utf8(out, code);
    }
    return static_cast<std::size_t>(out - first);
}

bool json_scanner::fail_at(const char* where, const char* why) {
    if (why_ == nullptr) {
        where_ = where;
        why_ = why;
    }
    return false;
}

bool json_scanner::fail_unexpected(const char* wanted) {
    if (at_ == end_) {
        return fail("the text ends too early");
    }
    return fail(*at_ == '\0' ? "a NUL byte" : wanted);
}

model::error json_scanner::error() const {
    const auto line = 1 + std::count(begin_, where_, '\n');
    const char* start = where_;
    while (start != begin_ && start[-1] != '\n') {
        --start;
    }
    return {model::errc::bad_request,
            "not acceptable JSON: line " + std::to_string(line) + ", column " +
                std::to_string(where_ - start + 1) + ": " + why_,
            ""};
}

bool json_scanner::scan_string(string_token& out) {
    const char* const inner = ++at_;
    out.escaped = false;
    while (true) {
        at_ += plain_run(at_, end_);
        if (at_ == end_) {
            return fail("the text ends within a string");
        }
        if (*at_ == '"') {
            out.inner = {inner, static_cast<std::size_t>(at_ - inner)};
            ++at_;
            return true;
        }
        if (*at_ == '\\') {
            out.escaped = true;
            if (!scan_escape()) {
                return false;
            }
        } else if (const auto size = *at_ < 0 ? utf8_sequence(at_, end_) : 0; size > 0) {
            at_ += size;
        } else if (*at_ < 0) {
            return fail("bytes that are not UTF-8");
        } else {
            return fail(*at_ == '\0' ? "a NUL byte" : "a control character within a string");
        }
    }
}

bool json_scanner::scan_escape() {
    if (end_ - at_ < 2) {
        return fail("the text ends within a string");
    }
    if (at_[1] != 'u') {
        if (at_[1] == '\0' || std::strchr("\"\\/bfnrt", at_[1]) == nullptr) {
            return fail("an escape that JSON does not have");
        }
        at_ += 2;
        return true;
    }
    const int unit = hex4(at_ + 2, end_);
    if (unit < 0) {
        return fail("\\u needs four hexadecimal digits");
    }
    if (!is_high_surrogate(unit)) {
        if (is_low_surrogate(unit)) {
            return fail("half of a surrogate pair");
        }
        at_ += 6;
        return true;
    }
    const bool pair = end_ - at_ >= 12 && at_[6] == '\\' && at_[7] == 'u' &&
                      is_low_surrogate(hex4(at_ + 8, end_));
    if (!pair) {
        return fail("half of a surrogate pair");
    }
    at_ += 12;
    return true;
}

bool json_scanner::scan_digits() {
    if (at_ == end_ || !is_digit(*at_)) {
        return fail_unexpected("a digit is missing in a number");
    }
    while (at_ != end_ && is_digit(*at_)) {
        ++at_;
    }
    return true;
}

bool json_scanner::scan_number(number_token& out) {
    const char* const start = at_;
    out.integral = true;
    if (*at_ == '-') {
        ++at_;
    }
    if (at_ != end_ && *at_ == '0') {
        ++at_;
    } else if (!scan_digits()) {
        return false;
    }
    if (at_ != end_ && *at_ == '.') {
        out.integral = false;
        ++at_;
        if (!scan_digits()) {
            return false;
        }
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
        out.integral = false;
        ++at_;
        if (at_ != end_ && (*at_ == '+' || *at_ == '-')) {
            ++at_;
        }
        if (!scan_digits()) {
            return false;
        }
    }
    out.text = {start, static_cast<std::size_t>(at_ - start)};
    return true;
}

bool json_scanner::scan_word(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() ||
        std::memcmp(at_, word.data(), word.size()) != 0) {
        return fail_unexpected("a value is expected here");
    }
    at_ += word.size();
    return true;
}

bool json_scanner::scan_end() {
    skip_space();
    if (at_ == end_) {
        return true;
    }
    return fail(*at_ == '\0' ? "a NUL byte" : "something follows the value");
}

bool json_scanner::skip_scalar() {
    string_token text;
    number_token number;
    switch (peek()) {
        case '"': return scan_string(text);
        case 't': return scan_word("true");
        case 'f': return scan_word("false");
        case 'n': return scan_word("null");
        default: break;
    }
    if (at_ != end_ && (*at_ == '-' || is_digit(*at_))) {
        return scan_number(number);
    }
    return fail_unexpected("a value is expected here");
}

bool json_scanner::skip_member_name() {
    string_token name;
    if (peek() != '"') {
        return fail_unexpected("a member's name is expected here");
    }
    if (!scan_string(name)) {
        return false;
    }
    if (peek() != ':') {
        return fail_unexpected("a colon is expected here");
    }
    bump();
    return true;
}

bool json_scanner::skip_value() {
    static_assert(max_depth < 64);
    std::uint64_t in_object = 0;  // bit k: the open value at depth k is an object
    std::size_t depth = 0;
    while (true) {
        const char c = peek();
        if (c == '{' || c == '[') {
            if (depth == max_depth) {
                return fail("nested deeper than 32");
            }
            const bool object = c == '{';
            bump();
            if (peek() != (object ? '}' : ']')) {
                in_object = (in_object << 1) | (object ? 1U : 0U);
                ++depth;
                if (object && !skip_member_name()) {
                    return false;
                }
                continue;
            }
            bump();
        } else if (!skip_scalar()) {
            return false;
        }
        // A value has ended: close what ends with it, or go on to the next.
        while (depth > 0 && peek() == ((in_object & 1U) != 0 ? '}' : ']')) {
            bump();
            in_object >>= 1;
            --depth;
        }
        if (depth == 0) {
            return true;
        }
        if (peek() != ',') {
            return fail_unexpected("a comma or the end of the list is expected here");
        }
        bump();
        if ((in_object & 1U) != 0 && !skip_member_name()) {
            return false;
        }
    }
}

}  // namespace kwq::codec
