// The form in which the embedded log stores a record. The key sorts by topic, partition, offset;
// the value guards itself by a checksum, because what is read back decides what happened.
//
//   key    topic number u32, partition u32, offset u64, all big-endian
//   value  crc32c u32 of all that follows it, xor that of the key turned by 15, then: form u8 (1),
//   timestamp i64,
//          header count u32, for each: name length u32, name, value length u32, value;
//          key length u32, key; the rest is the record's value. Numbers little-endian.
//
// To change it: give it the next form number, keep reading the old ones.
#pragma once

#include "eventlog/event_log.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kwq::eventlog {

/// A partition as the store knows it. Topic number 0 is the log's own (topics, first offsets).
struct partition_key {
    std::uint32_t topic = 0;
    std::uint32_t partition = 0;
};

std::string row_key(const partition_key& where, offset at);
/// The offset, and the partition, in a key that row_key made.
offset row_offset(std::string_view key);
partition_key row_partition(std::string_view key);

/// The value, whose checksum lacks the key's part: the offset is not known yet. The costly half, so
/// the appending thread does it.
std::string encode_unsealed(const new_record& r, instant timestamp);
/// Completes the checksum. Once for each value.
void seal(std::string_view key, std::string& value);

/// Nothing if the checksum or the form is wrong.
std::optional<log_record> decode_row(std::string_view key, std::string_view value);

}  // namespace kwq::eventlog
