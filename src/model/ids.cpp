#include "model/ids.hpp"

#include "base/base64.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace kwq::model {

namespace {

constexpr std::size_t longest_id = 200;
constexpr std::size_t longest_queue = 63;

bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

constexpr std::array<bool, 256> make_id_chars() {
    std::array<bool, 256> chars{};
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789._~:@+=,-")) {
        chars[static_cast<std::uint8_t>(c)] = true;
    }
    return chars;
}

constexpr auto id_chars = make_id_chars();

bool is_id_char(char c) {
    return id_chars[static_cast<std::uint8_t>(c)];
}

/// Decodes one code point at `i` and moves past it; false when it is not well-formed UTF-8.
bool next_code_point(std::string_view s, std::size_t& i, char32_t& out) {
    const auto byte = [&](std::size_t k) { return static_cast<std::uint8_t>(s[k]); };
    const std::uint8_t lead = byte(i);
    std::size_t extra = 0;
    char32_t smallest = 0;
    if (lead < 0x80) {
        out = lead;
    } else if (lead >= 0xc2 && lead <= 0xdf) {
        extra = 1, out = lead & 0x1fU, smallest = 0x80;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        extra = 2, out = lead & 0x0fU, smallest = 0x800;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        extra = 3, out = lead & 0x07U, smallest = 0x10000;
    } else {
        return false;
    }
    if (s.size() - i <= extra) {
        return false;
    }
    for (std::size_t k = 1; k <= extra; ++k) {
        if ((byte(i + k) & 0xc0U) != 0x80U) {
            return false;
        }
        out = (out << 6) | (byte(i + k) & 0x3fU);
    }
    i += extra + 1;
    return out >= smallest && out <= 0x10ffff && (out < 0xd800 || out > 0xdfff);
}

template <class Number>
bool parse_number(std::string_view text, Number& out) {
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
    return bad == std::errc{} && end == text.data() + text.size() && out >= 0;
}

}  // namespace

bool valid_id(std::string_view text) {
    return !text.empty() && text.size() <= longest_id &&
           std::all_of(text.begin(), text.end(), is_id_char);
}

bool valid_queue(std::string_view text) {
    return !text.empty() && text.size() <= longest_queue && is_lower_or_digit(text.front()) &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool valid_utf8(std::string_view text) {
    char32_t c = 0;
    for (std::size_t i = 0; i < text.size();) {
        if (!next_code_point(text, i, c)) {
            return false;
        }
    }
    return true;
}

bool valid_label(std::string_view text) {
    if (text.empty() || text.size() > longest_id) {
        return false;
    }
    char32_t c = 0;
    for (std::size_t i = 0; i < text.size();) {
        if (!next_code_point(text, i, c) || c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
            return false;
        }
    }
    return true;
}

std::string to_string(const record& r) {
    return r.queue.value() + "/" + std::to_string(r.priority.value()) + "@" +
           std::to_string(r.offset.value());
}

std::optional<record> parse_record(std::string_view text) {
    const auto slash = text.find('/');
    const auto at = text.find('@');
    if (slash == std::string_view::npos || at == std::string_view::npos || at < slash) {
        return std::nullopt;
    }
    std::int32_t p = 0;
    std::int64_t o = 0;
    if (!valid_queue(text.substr(0, slash)) ||
        !parse_number(text.substr(slash + 1, at - slash - 1), p) ||
        !parse_number(text.substr(at + 1), o)) {
        return std::nullopt;
    }
    return record{queue_name{std::string(text.substr(0, slash))}, priority{p}, offset{o}};
}

std::string to_string(const position& p) {
    const std::string where =
        p.status ? "status@" + std::to_string(p.place.offset.value()) : to_string(p.place);
    return base64url_encode(std::to_string(p.shard.value()) + ":" + where);
}

std::optional<position> parse_position(std::string_view text) {
    const auto raw = base64url_decode(text);
    if (!raw) {
        return std::nullopt;
    }
    const auto colon = raw->find(':');
    std::int32_t shard = 0;
    if (colon == std::string::npos ||
        !parse_number(std::string_view(*raw).substr(0, colon), shard)) {
        return std::nullopt;
    }
    const std::string_view rest = std::string_view(*raw).substr(colon + 1);
    position p{shard_id{shard}, false, {}};
    if (rest.starts_with("status@")) {
        std::int64_t o = 0;
        if (!parse_number(rest.substr(7), o)) {
            return std::nullopt;
        }
        p.status = true;
        p.place.offset = offset{o};
        return p;
    }
    const auto place = parse_record(rest);
    if (!place) {
        return std::nullopt;
    }
    p.place = *place;
    return p;
}

}  // namespace kwq::model

std::size_t std::hash<kwq::model::record>::operator()(const kwq::model::record& r) const {
    const auto where = static_cast<std::uint64_t>(r.offset.value()) * 0x9e3779b97f4a7c15ULL +
                       static_cast<std::uint64_t>(r.priority.value());
    return static_cast<std::size_t>(kwq::hash64(r.queue.value(), where));
}
