// Encoding and checked decoding of the embedded log's rows.
#include "eventlog/embedded/stored_record.hpp"

#include "base/assert.hpp"
#include "base/hash.hpp"

namespace kwq::eventlog {

namespace {

constexpr std::size_t crc_bytes = 4;
constexpr std::size_t key_bytes = 16;
constexpr unsigned char form_1 = 1;

void put_big(std::string& to, std::uint64_t value, unsigned bytes) {
    for (unsigned i = bytes; i > 0; --i) {
        to.push_back(static_cast<char>((value >> (8 * (i - 1))) & 0xffU));
    }
}

void put_little(std::string& to, std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) {
        to.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
    }
}

void put_text(std::string& to, std::string_view text) {
    put_little(to, text.size(), 4);
    to.append(text);
}

/// Takes pieces off the front; after the first that is not there all further ones are empty.
class cutter {
public:
    explicit cutter(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t number(unsigned bytes) {
        std::uint64_t value = 0;
        const auto piece = take(bytes);
        for (std::size_t i = 0; i < piece.size(); ++i) {
            value |= std::uint64_t{static_cast<unsigned char>(piece[i])} << (8 * i);
        }
        return value;
    }
    std::string_view text() { return take(number(4)); }
    std::string_view rest() { return rest_; }
    bool ok() const { return ok_; }

private:
    std::string_view take(std::uint64_t size) {
        if (!ok_ || size > rest_.size()) {
            ok_ = false;
            return {};
        }
        const auto piece = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return piece;
    }

    std::string_view rest_;
    bool ok_ = true;
};

std::uint32_t read_crc(std::string_view value) {
    return static_cast<std::uint32_t>(cutter(value).number(crc_bytes));
}

void write_crc(std::string& value, std::uint32_t crc) {
    for (unsigned i = 0; i < crc_bytes; ++i) {
        value[i] = static_cast<char>((crc >> (8 * i)) & 0xffU);
    }
}

/// Turned, so that a row whose key is repeated in its value does not cancel out.
std::uint32_t key_part(std::string_view key) {
    const std::uint32_t crc = crc32c(key);
    return (crc << 15U) | (crc >> 17U);
}

}  // namespace

std::string row_key(const partition_key& where, offset at) {
    std::string key;
    key.reserve(key_bytes);
    put_big(key, where.topic, 4);
    put_big(key, where.partition, 4);
    put_big(key, static_cast<std::uint64_t>(at.value()), 8);
    return key;
}

offset row_offset(std::string_view key) {
    KWQ_ASSERT(key.size() == key_bytes);
    std::uint64_t value = 0;
    for (const char c : key.substr(8)) {
        value = (value << 8U) | static_cast<unsigned char>(c);
    }
    return offset{static_cast<std::int64_t>(value)};
}

partition_key row_partition(std::string_view key) {
    KWQ_ASSERT(key.size() == key_bytes);
    const auto number = [&](std::size_t from) {
        std::uint32_t value = 0;
        for (const char c : key.substr(from, 4)) {
            value = (value << 8U) | static_cast<unsigned char>(c);
        }
        return value;
    };
    return {number(0), number(4)};
}

std::string encode_unsealed(const new_record& r, instant timestamp) {
    std::string to;
    to.reserve(size_of(r) + 8 * r.headers.size() + 24);
    put_little(to, 0, crc_bytes);
    put_little(to, form_1, 1);
    put_little(to, static_cast<std::uint64_t>(timestamp.value()), 8);
    put_little(to, r.headers.size(), 4);
    for (const auto& [name, value] : r.headers) {
        put_text(to, name);
        put_text(to, value);
    }
    put_text(to, r.key);
    to.append(r.value);
    write_crc(to, crc32c(std::string_view(to).substr(crc_bytes)));
    return to;
}

void seal(std::string_view key, std::string& value) {
    write_crc(value, read_crc(value) ^ key_part(key));
}

std::optional<log_record> decode_row(std::string_view key, std::string_view value) {
    cutter from(value);
    const auto crc = from.number(crc_bytes);
    if (!from.ok() || key.size() != key_bytes || crc != (crc32c(from.rest()) ^ key_part(key)) ||
        from.number(1) != form_1) {
        return std::nullopt;
    }
    log_record r;
    r.offset = row_offset(key);
    r.timestamp = instant{static_cast<std::int64_t>(from.number(8))};
    const auto headers = from.number(4);
    for (std::uint64_t i = 0; i < headers && from.ok(); ++i) {
        const auto name = from.text();
        r.headers.emplace_back(name, from.text());
    }
    r.key = from.text();
    r.value = from.rest();
    if (!from.ok()) {
        return std::nullopt;
    }
    return r;
}

}  // namespace kwq::eventlog
