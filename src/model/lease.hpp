// What a lease token says of itself: where its task is, and enough randomness that nobody guesses
// another's. Layout (big-endian, then base64url): version 1 byte, shard 2, epoch 8, sequence 8,
// attempt 4, priority 2, offset 8, random 8, queue name to the end. Stable: workers hold tokens
// across upgrades.
#pragma once

#include "model/event.hpp"

#include <cstdint>
#include <optional>

namespace kwq::model {

struct lease_parts {
    shard_id shard;
    offset epoch;
    std::uint64_t sequence = 0;  // counts allocations of the epoch
    record place;
    std::uint32_t attempt = 1;
    std::uint64_t random = 0;

    friend bool operator==(const lease_parts&, const lease_parts&) = default;
};

lease_token encode_lease(const lease_parts& parts);
/// Nothing when it is no token of ours; saying so tells nothing about any task.
std::optional<lease_parts> decode_lease(const lease_token& token);

}  // namespace kwq::model
