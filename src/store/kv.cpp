// Key helpers: big-endian numbers and terminated text, so that keys sort as their parts do; and
// what a kv does if it knows nothing better.
#include "store/kv.hpp"

#include "base/assert.hpp"

#include <array>

namespace kwq::store {

namespace {

void append_big_endian(std::string& key, std::uint64_t value, unsigned bytes) {
    std::array<char, 8> digits;
    for (unsigned i = 0; i < bytes; ++i) {
        digits[i] = static_cast<char>((value >> (8 * (bytes - 1 - i))) & 0xffU);
    }
    key.append(digits.data(), bytes);
}

std::uint64_t take_big_endian(std::string_view& key, unsigned bytes) {
    KWQ_ASSERT(key.size() >= bytes);
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) {
        value = (value << 8U) | static_cast<unsigned char>(key[i]);
    }
    key.remove_prefix(bytes);
    return value;
}

}  // namespace

std::vector<std::optional<std::string>> kv::get_many(const std::vector<std::string>& keys) const {
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const auto& key : keys) {
        values.push_back(get(key));
    }
    return values;
}

void append_u8(std::string& key, std::uint8_t value) {
    append_big_endian(key, value, 1);
}

void append_u32(std::string& key, std::uint32_t value) {
    append_big_endian(key, value, 4);
}

void append_u64(std::string& key, std::uint64_t value) {
    append_big_endian(key, value, 8);
}

void append_i64(std::string& key, std::int64_t value) {
    append_u64(key, static_cast<std::uint64_t>(value));
}

void append_text(std::string& key, std::string_view text) {
    KWQ_ASSERT(text.find('\0') == std::string_view::npos);
    key.append(text);
    key.push_back('\0');
}

std::uint8_t take_u8(std::string_view& key) {
    return static_cast<std::uint8_t>(take_big_endian(key, 1));
}

std::uint32_t take_u32(std::string_view& key) {
    return static_cast<std::uint32_t>(take_big_endian(key, 4));
}

std::uint64_t take_u64(std::string_view& key) {
    return take_big_endian(key, 8);
}

std::int64_t take_i64(std::string_view& key) {
    return static_cast<std::int64_t>(take_u64(key));
}

std::string_view take_text(std::string_view& key) {
    const auto end = key.find('\0');
    KWQ_ASSERT(end != std::string_view::npos);
    const auto text = key.substr(0, end);
    key.remove_prefix(end + 1);
    return text;
}

std::string after_prefix(std::string_view prefix) {
    std::string next(prefix);
    while (!next.empty() && next.back() == '\xff') {
        next.pop_back();
    }
    if (!next.empty()) {
        next.back() = static_cast<char>(static_cast<unsigned char>(next.back()) + 1U);
    }
    return next;
}

}  // namespace kwq::store
