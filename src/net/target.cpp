// Splits and judges a request target.
#include "net/target.hpp"

#include "net/http.hpp"

#include <array>
#include <cstddef>

namespace kwq::net {

namespace {

constexpr std::array<bool, 256> make_target_bytes() {
    std::array<bool, 256> ok{};
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?%";
    for (const char c : allowed) {
        ok[static_cast<unsigned char>(c)] = true;
    }
    return ok;
}
constexpr auto target_bytes = make_target_bytes();

std::optional<target_fault> judge_path(std::string_view path) {
    const auto decoded_path = percent_decode(path);
    if (!decoded_path) {
        return target_fault{"has a bad percent code"};
    }
    if (decoded_path->find('\0') != std::string::npos) {
        return target_fault{"holds a NUL"};
    }
    if (!is_utf8(*decoded_path)) {
        return target_fault{"is not UTF-8"};
    }
    for (std::size_t at = 1; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const auto segment = percent_decode(path.substr(at, end - at));
        if (segment == "." || segment == "..") {
            return target_fault{"has a dot segment"};
        }
        at = end + 1;
    }
    return std::nullopt;
}

std::optional<target_fault> read_query(std::string_view text, split_target& into) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (part.empty()) {
            continue;
        }
        const std::size_t equals = std::min(part.find('='), part.size());
        auto name = percent_decode(part.substr(0, equals), true);
        auto value = percent_decode(part.substr(std::min(equals + 1, part.size())), true);
        if (!name || !value) {
            return target_fault{"has a bad percent code"};
        }
        if (name->find('\0') != std::string::npos || value->find('\0') != std::string::npos) {
            return target_fault{"holds a NUL"};
        }
        if (!is_utf8(*name) || !is_utf8(*value)) {
            return target_fault{"is not UTF-8"};
        }
        into.query.emplace_back(std::move(*name), std::move(*value));
    }
    return std::nullopt;
}

/// How many bytes the UTF-8 character at the start of `text` has; 0 if it is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto follows = [&](std::size_t i, unsigned low, unsigned high) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return follows(1, 0x80, 0xBF) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = first == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2, 0x80, 0xBF) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
        const bool ok = follows(1, low, high) && follows(2, 0x80, 0xBF) && follows(3, 0x80, 0xBF);
        return ok ? 4 : 0;
    }
    return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

std::optional<target_fault> split(std::string_view target, split_target& into) {
    if (target.empty() || target.front() != '/') {
        return target_fault{"must start with '/'"};
    }
    for (const char c : target) {
        if (!target_bytes[static_cast<unsigned char>(c)]) {
            return target_fault{"holds a byte that must be percent-encoded"};
        }
    }
    const std::size_t mark = std::min(target.find('?'), target.size());
    into.path = std::string(target.substr(0, mark));
    if (const auto fault = judge_path(into.path)) {
        return fault;
    }
    return read_query(target.substr(std::min(mark + 1, target.size())), into);
}

}  // namespace kwq::net
