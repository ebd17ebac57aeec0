// event_kinds: what each kind of event says, side by side.
//
// Owner events carry the epoch (offset of the owner's claim) and t (ms of its monotonic clock since
// that claim was read back); they count only while that epoch is the newest claim's. Lease events
// carry the lease; they count while it is the live one, whoever appended them.
#pragma once

#include "base/clock.hpp"
#include "model/control.hpp"
#include "model/ids.hpp"
#include "model/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kwq::model {

/// What folds must know of a task and cannot read elsewhere: carried by the first event of it.
struct task_intro {
    job_name job;
    std::vector<tag_name> tags;
    instant submitted_at;
    task_limits limits;

    friend bool operator==(const task_intro&, const task_intro&) = default;
};

using lease_token = named<std::string, struct lease_token_tag>;

// ---- owner events -------------------------------------------------------------------------------

/// This instance owns the shard from here on; its own offset is the epoch.
struct claim {
    std::string owner;  // who, for people
    std::string nonce;  // tells one claim of an instance from another
    std::string url{};  // where it answers other instances; empty: nowhere
    friend bool operator==(const claim&, const claim&) = default;
};

/// Nothing below `next` is ahead any more, unless parked; and `done` of the returned ones are not.
struct cursor {
    queue_name queue;
    model::priority priority;
    std::optional<offset> next;
    std::vector<offset_range> done;  // returned offsets that were met and dropped
    friend bool operator==(const cursor&, const cursor&) = default;
};

struct allocated {
    record place;
    task_id id;
    lease_token lease;
    worker_name worker;
    std::uint32_t attempt = 1;  // counts hand-outs of this task, released ones too
    std::optional<task_intro> intro;
    friend bool operator==(const allocated&, const allocated&) = default;
};

/// One task waits for a time (`not_before`).
struct parked {
    record place;
    task_id id;
    instant until;
    std::optional<task_intro> intro;
    friend bool operator==(const parked&, const parked&) = default;
};

/// Tasks of a paused job, as ranges: their bodies stay where they are.
struct parked_ranges {
    queue_name queue;
    model::priority priority;
    job_name job;
    std::vector<offset_range> ranges;
    friend bool operator==(const parked_ranges&, const parked_ranges&) = default;
};

enum class ready_reason : std::uint8_t { due, retry };  // its time has come; a dead letter retried

/// A scheduled or dead task is pending again, in its old place.
struct ready {
    record place;
    task_id id;
    ready_reason reason = ready_reason::due;
    friend bool operator==(const ready&, const ready&) = default;
};

/// Ranges of a job that is not paused any more are pending again.
struct ready_ranges {
    queue_name queue;
    model::priority priority;
    job_name job;
    std::vector<offset_range> ranges;
    friend bool operator==(const ready_ranges&, const ready_ranges&) = default;
};

struct lease_expired {
    record place;
    task_id id;
    lease_token lease;
    friend bool operator==(const lease_expired&, const lease_expired&) = default;
};

enum class cancel_reason : std::uint8_t { requested, expired };

struct cancelled {
    record place;
    task_id id;
    cancel_reason reason = cancel_reason::requested;
    std::optional<task_intro> intro;
    friend bool operator==(const cancelled&, const cancelled&) = default;
};

/// Another record of an id that is bound: dropped.
struct duplicate {
    record place;
    task_id id;
    record of;
    friend bool operator==(const duplicate&, const duplicate&) = default;
};

/// A record that could not be read: set aside in kwq-rejected.
struct rejected {
    record place;
    std::string reason;
    friend bool operator==(const rejected&, const rejected&) = default;
};

/// A command of kwq-control, copied here once by the owner: here it takes effect.
struct control {
    offset control_offset;
    control_action action = control_action::cancel_job;
    job_name job;                             // cancel_job, retry_job
    queue_name queue;                         // empty_queue
    std::optional<model::priority> priority;  // empty_queue: of this priority only
    std::vector<topic_end> ends;
    friend bool operator==(const control&, const control&) = default;
};

/// The follow-ups of the completion at status offset `of` are in their topics.
struct followed {
    offset of;
    friend bool operator==(const followed&, const followed&) = default;
};

/// A waiting task is served at another priority of its queue from here on. Its record stays where
/// it is, and so do its id, attempts and history.
struct moved {
    record place;
    task_id id;
    priority to;
    std::optional<task_intro> intro;
    friend bool operator==(const moved&, const moved&) = default;
};

/// Ids settled before this instant are forgotten. It also says what a fold must know that begins
/// here, because what was before it has been trimmed: its owner's epoch and t, and `control_next`,
/// below which every command of kwq-control had been copied.
struct horizon {
    instant before;
    std::optional<offset> control_next = std::nullopt;
    friend bool operator==(const horizon&, const horizon&) = default;
};

// ---- lease events -------------------------------------------------------------------------------

struct running {
    record place;
    task_id id;
    lease_token lease;
    friend bool operator==(const running&, const running&) = default;
};

struct progress {
    record place;
    task_id id;
    lease_token lease;
    std::string progress_json;  // opaque JSON, at most 4 KiB
    friend bool operator==(const progress&, const progress&) = default;
};

struct complete {
    record place;
    task_id id;
    lease_token lease;
    std::string result_json;  // opaque JSON, at most 64 KiB; empty: none
    std::vector<task> then;   // follow-ups, each with its id
    friend bool operator==(const complete&, const complete&) = default;
};

enum class error_kind : std::uint8_t { reported, timeout };

struct task_error {  // JSON type "error"
    record place;
    task_id id;
    lease_token lease;
    std::string message;  // at most 16 KiB
    bool retry = true;
    error_kind kind = error_kind::reported;
    friend bool operator==(const task_error&, const task_error&) = default;
};

struct released {
    record place;
    task_id id;
    lease_token lease;
    milliseconds delay{0};  // back only after this long; no attempt is spent
    friend bool operator==(const released&, const released&) = default;
};

}  // namespace kwq::model
