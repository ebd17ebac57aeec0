// rows: what the tracker keeps of one task record. `facts` change by accepted events alone; what
// commands in force make of them is worked out when a row is looked at (model::control_ledger), so
// a command costs nothing here whatever the number of rows.
#pragma once

#include "model/lifecycle.hpp"
#include "tracker/keys.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::tracker {

inline constexpr std::size_t max_attempts_kept = 100;
/// Of an attempt's error, so that a row of 100 attempts stays small; the last error is kept whole.
inline constexpr std::size_t max_attempt_error_bytes = 2'048;
inline constexpr std::size_t max_listed_error_bytes = 200;

/// Does the id of a row's task mean its record, in the index of ids?
enum class id_claim : std::uint8_t {
    none,     // another record, or the id is not known
    offered,  // for now: another record may have a better claim
    bound,    // an accepted event said so
};

struct task_row {
    model::task_id id;
    id_claim claim = id_claim::none;
    /// Job, tags and submitted_at are known: from the record, or from the first accepted event. A
    /// row without them is of a record that was dropped before its topic was read up to it.
    bool known = false;
    name_number job = 0;
    std::vector<name_number> tags;
    instant submitted_at{0};
    std::uint32_t ordinal = 0;  // known: its place in the job's state map

    model::task_facts facts;
    /// The state that tags and lists count it as. Others count the effective state; a sweep brings
    /// this one up to it after a command.
    model::task_state listed = model::task_state::pending;

    instant ready_since{0};  // waiting began: submitted, or last ready
    instant ended_at{0};
    model::cancel_reason cancelled_for = model::cancel_reason::requested;
    std::vector<attempt_view> attempts;
    std::string result_json;
    std::string progress_json;
    std::string last_error;
    name_number worker = no_name;   // of the last attempt
    error_fingerprint error_group;  // that the last failure is counted in
};

/// At most `limit` bytes, not ending within a character.
std::string shortened(std::string_view text, std::size_t limit);

void write_row(const task_row& row, std::string& out);  // appends
/// Throws store::storage_failure for a damaged row or one of another version.
task_row read_row(std::string_view bytes);

bool is_dropped(const task_row& row);  // a duplicate, or rejected: no task

enum class standing : std::uint8_t { absent, task, duplicate, rejected };
standing standing_of(const task_row* row);  // null: absent

/// What lists and tags need of a row. Only a task is on lists; others are counted under tags too.
struct listing {
    standing as = standing::absent;
    name_number job = 0;
    std::vector<name_number> tags;
    instant submitted_at{0};
    model::task_state state = model::task_state::pending;
    name_number worker = no_name;
    error_fingerprint error;  // in state error
};
listing listing_of(const task_row* row);  // null: absent

/// What a row becomes by an accepted event. `before` are the effective facts it was accepted from,
/// `commanded_at` when a command last changed those.
struct accepted_event {
    const model::task_facts& before;
    const model::task_facts& after;
    const model::event& event;
    instant commanded_at{0};
};

/// What counters learn from it besides the state.
struct event_effects {
    std::optional<milliseconds> waited;  // to this allocation
    std::optional<milliseconds> ran;     // to this completion
    bool started = false;                // the worker said so
    bool failed = false;                 // an attempt did
    bool retried = false;                // and there will be another
    bool finished = false;               // complete, or failed for good
};
event_effects apply_to_row(task_row& row, const accepted_event& e);

}  // namespace kwq::tracker
