// Hashes with fixed results, the same on every machine and for ever: std::hash promises neither.
#pragma once

#include <cstdint>
#include <string_view>

namespace kwq {

/// 64-bit FNV-1a with a final mix (murmur3's). For lease fingerprints, back-off jitter and state
/// hashes; not for secrets.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

/// CRC-32C (Castagnoli), as storage formats use it.
std::uint32_t crc32c(std::string_view bytes);

/// murmur2 exactly as Apache Kafka's Java producer computes it, and the partition it picks.
std::int32_t murmur2(std::string_view key);
std::int32_t murmur2_partition(std::string_view key, std::int32_t partitions);

}  // namespace kwq
