// Names and places: what identifies a task, a queue, a position in the log. Distinct types; the
// checks of form are here, once, for REST, topics and the command line alike.
#pragma once

#include "base/named.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kwq::model {

using task_id = named<std::string, struct task_id_tag>;          // [A-Za-z0-9._~:@+=,-]{1,200}
using queue_name = named<std::string, struct queue_name_tag>;    // [a-z0-9][a-z0-9-]{0,62}
using job_name = named<std::string, struct job_name_tag>;        // a label: see valid_label
using tag_name = named<std::string, struct tag_name_tag>;        // a label, by custom `key:value`
using worker_name = named<std::string, struct worker_name_tag>;  // a label
using priority = named<std::int32_t, struct priority_tag>;       // 1..N, N most urgent
using offset = named<std::int64_t, struct offset_tag>;           // place in one partition, from 0
using shard_id = named<std::int32_t, struct shard_id_tag>;       // the partition number

bool valid_id(std::string_view text);  // task ids and leases
bool valid_queue(std::string_view text);
/// 1 to 200 bytes of well-formed UTF-8 without control characters (C0, DEL, C1).
bool valid_label(std::string_view text);
bool valid_utf8(std::string_view text);

/// A task's place in the log: within one shard, so the partition is not repeated. Orders by queue,
/// then priority, then offset.
struct record {
    queue_name queue;
    model::priority priority;
    model::offset offset;

    friend bool operator==(const record&, const record&) = default;
    friend auto operator<=>(const record&, const record&) = default;
};

/// Half-open range of offsets [first, last).
struct offset_range {
    offset first;
    offset last;

    friend bool operator==(const offset_range&, const offset_range&) = default;
    friend auto operator<=>(const offset_range&, const offset_range&) = default;
};

/// `default/5@17`: for logs, transcripts and cursors. `parse_record` reads it back.
std::string to_string(const record& r);
std::optional<record> parse_record(std::string_view text);

/// One place in the log, as a submit answers it and `after=` takes it: opaque to clients.
struct position {
    shard_id shard;
    bool status = false;  // in kwq-status rather than a task topic
    record place;         // when status: only `place.offset` is meant

    friend bool operator==(const position&, const position&) = default;
};
std::string to_string(const position& p);
std::optional<position> parse_position(std::string_view text);

}  // namespace kwq::model

template <>
struct std::hash<kwq::model::record> {
    std::size_t operator()(const kwq::model::record& r) const;  // not noexcept: see base/named
};
