#include "model/lease.hpp"

#include "base/base64.hpp"

#include <string>

namespace kwq::model {

namespace {

constexpr std::uint8_t token_version = 1;
constexpr std::size_t fixed_bytes = 1 + 2 + 8 + 8 + 4 + 2 + 8 + 8;

void put(std::string& out, std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) {
        out.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
    }
}

std::uint64_t take(std::string_view& in, std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
        value = (value << 8) | static_cast<std::uint8_t>(in[i]);
    }
    in.remove_prefix(bytes);
    return value;
}

}  // namespace

lease_token encode_lease(const lease_parts& p) {
    std::string raw;
    raw.reserve(fixed_bytes + p.place.queue.value().size());
    put(raw, token_version, 1);
    put(raw, static_cast<std::uint64_t>(p.shard.value()), 2);
    put(raw, static_cast<std::uint64_t>(p.epoch.value()), 8);
    put(raw, p.sequence, 8);
    put(raw, p.attempt, 4);
    put(raw, static_cast<std::uint64_t>(p.place.priority.value()), 2);
    put(raw, static_cast<std::uint64_t>(p.place.offset.value()), 8);
    put(raw, p.random, 8);
    raw += p.place.queue.value();
    return lease_token{base64url_encode(raw)};
}

std::optional<lease_parts> decode_lease(const lease_token& token) {
    const auto raw = base64url_decode(token.value());
    if (!raw || raw->size() <= fixed_bytes) {
        return std::nullopt;
    }
    std::string_view in = *raw;
    if (take(in, 1) != token_version) {
        return std::nullopt;
    }
    lease_parts p;
    p.shard = shard_id{static_cast<std::int32_t>(take(in, 2))};
    p.epoch = offset{static_cast<std::int64_t>(take(in, 8))};
    p.sequence = take(in, 8);
    p.attempt = static_cast<std::uint32_t>(take(in, 4));
    p.place.priority = priority{static_cast<std::int32_t>(take(in, 2))};
    p.place.offset = offset{static_cast<std::int64_t>(take(in, 8))};
    p.random = take(in, 8);
    p.place.queue = queue_name{std::string(in)};
    if (!valid_queue(in) || p.place.offset.value() < 0 || p.epoch.value() < 0) {
        return std::nullopt;
    }
    return p;
}

}  // namespace kwq::model
