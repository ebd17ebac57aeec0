// The writing half of codec/json.hpp, and durations as decimal seconds.
#include "codec/json.hpp"
#include "codec/json_scanner.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace kwq::codec {

namespace {

constexpr double longest_seconds = 100.0 * 365.25 * 86'400;

void put_escaped(std::string& out, char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    out += "\\u00";
    out += hex[byte >> 4];
    out += hex[byte & 0x0fU];
}

/// One sequence that starts with a byte >= 0x80; returns how many bytes it took.
std::size_t put_non_ascii(std::string& out, const char* at, const char* end) {
    const std::size_t size = utf8_sequence(at, end);
    if (size == 0) {
        out += "\xef\xbf\xbd";
        return 1;
    }
    const std::string_view sequence(at, size);
    if (sequence == "\xe2\x80\xa8" || sequence == "\xe2\x80\xa9") {
        // Legal in JSON, the end of a line to old JavaScript.
        out += sequence.back() == '\xa8' ? "\\u2028" : "\\u2029";
    } else {
        out += sequence;
    }
    return size;
}

template <class Number>
void put_number(std::string& out, Number number) {
    std::array<char, 32> buffer;  // 24 characters are the longest of a double
    const auto done = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    out.append(buffer.data(), done.ptr);
}

}  // namespace

void json_writer::separate() {
    if (need_comma_) {
        out_ += ',';
    }
    need_comma_ = true;
}

json_writer& json_writer::begin_object() {
    separate();
    out_ += '{';
    need_comma_ = false;
    return *this;
}

json_writer& json_writer::end_object() {
    out_ += '}';
    need_comma_ = true;
    return *this;
}

json_writer& json_writer::begin_array() {
    separate();
    out_ += '[';
    need_comma_ = false;
    return *this;
}

json_writer& json_writer::end_array() {
    out_ += ']';
    need_comma_ = true;
    return *this;
}

json_writer& json_writer::key(std::string_view name) {
    value(name);
    out_ += ':';
    need_comma_ = false;
    return *this;
}

json_writer& json_writer::value(std::string_view text) {
    separate();
    out_ += '"';
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const std::size_t run = plain_run(at, end);
        out_.append(at, run);
        at += run;
        if (at == end) {
            break;
        }
        if (*at < 0) {
            at += put_non_ascii(out_, at, end);
        } else {
            put_escaped(out_, *at++);
        }
    }
    out_ += '"';
    return *this;
}

json_writer& json_writer::value(std::int64_t number) {
    separate();
    put_number(out_, number);
    return *this;
}

json_writer& json_writer::value(std::uint64_t number) {
    separate();
    put_number(out_, number);
    return *this;
}

json_writer& json_writer::value(double number) {
    if (!std::isfinite(number)) {
        return null();  // JSON has no word for it
    }
    separate();
    put_number(out_, number);
    return *this;
}

json_writer& json_writer::value(bool flag) {
    separate();
    out_ += flag ? "true" : "false";
    return *this;
}

json_writer& json_writer::null() {
    separate();
    out_ += "null";
    return *this;
}

json_writer& json_writer::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

std::optional<milliseconds> read_seconds(const json_value& v) {
    const bool numeric =
        v.type() == json_value::kind::integer || v.type() == json_value::kind::number;
    if (!numeric || !(v.number() >= 0) || v.number() > longest_seconds) {
        return std::nullopt;
    }
    return milliseconds{std::llround(v.number() * 1'000)};
}

void write_seconds(json_writer& w, std::string_view name, milliseconds ms) {
    w.key(name);
    if (ms.count() % 1'000 == 0) {
        w.value(ms.count() / 1'000);
    } else {
        w.value(static_cast<double>(ms.count()) / 1'000);
    }
}

}  // namespace kwq::codec
