// lifecycle: the one place that says which events count and what becomes of a task. Scheduler,
// tracker, simulator and checker call it and nothing else, so they cannot disagree.
//
// Pure: facts from the partition's own prefix and an event in; a verdict and the next facts out. It
// reads no clock, no configuration, no task topic. Everything here is a value.
//
//   ahead ──allocated──▶ leased ──complete──▶ complete
//     │  ╲                │ │ ╲──error, expired──▶ scheduled ──ready──▶ pending ──allocated─▶
//     leased │   ╲parked▶ scheduled│  ╲──attempts spent─▶ dead ──ready(retry)─▶ pending │
//     ╲──released─▶ pending (or scheduled, with a delay) ╰─duplicate, rejected, cancelled
//     (cancelled from any place that has not ended; moved to another priority from any place where
//     it waits: what was ahead is pending then)
#pragma once

#include "model/event.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kwq::model {

enum class place : std::uint8_t {
    ahead,      // no accepted event has named it yet (it may wait in a parked range)
    scheduled,  // waits for `due`
    pending,    // back in its place, ready
    leased,
    dead,  // state `error`: kept for retry
    complete,
    cancelled,
    duplicate,  // this record was dropped: its id belongs to another
    rejected,   // this record could not be read
};

enum class outcome : std::uint8_t { none, complete, error, released, expired, cancelled };

/// What the lifecycle knows of one task. The facts of a task never seen are `task_facts{}`.
struct task_facts {
    model::place place = place::ahead;
    bool running = false;         // leased, and the worker said it began
    std::uint32_t attempt = 0;    // hand-outs so far; grows for ever
    std::uint32_t spent = 0;      // attempts that count against max_attempts
    offset since{-1};             // status offset of the last event (or control) that moved it
    instant due{0};               // scheduled: when it may be pending again
    model::priority priority{0};  // that it was moved to; 0: its topic's
    task_limits limits;
    lease_token lease;       // leased: the live one
    offset lease_epoch{-1};  // leased: epoch and t of the allocation
    milliseconds lease_t{0};
    std::uint64_t last_lease = 0;  // fingerprint of the last lease that ended
    outcome last_outcome = outcome::none;

    friend bool operator==(const task_facts&, const task_facts&) = default;
};

/// What it knows of the partition.
struct partition_facts {
    offset epoch{-1};         // offset of the newest claim
    milliseconds t{0};        // newest t of this epoch; never goes back
    offset control_seen{-1};  // newest control copied from kwq-control
    instant horizon{0};       // ids settled before it are forgotten

    friend bool operator==(const partition_facts&, const partition_facts&) = default;
};

enum class void_reason : std::uint8_t {
    none,              // accepted
    stale_epoch,       // an owner that is not the owner any more
    lease_lost,        // not the live lease
    already,           // the same report again: the lease ended with this very outcome
    outcome_conflict,  // the lease ended with another outcome
    wrong_place,       // the task is not where the event needs it
    id_taken,          // first event of a record whose id is bound to another
    not_duplicate,     // `duplicate` of an id that is not bound elsewhere
    too_early,         // lease_expired before its time
    stale_control,     // a control copied twice
    wrong_attempt,
    no_intro,  // the first event of a task without what it must carry
};
std::string_view to_string(void_reason r);
std::string_view to_string(place p);
std::string_view to_string(outcome o);

struct verdict {
    void_reason reason = void_reason::none;
    bool accepted() const { return reason == void_reason::none; }
};

struct step_result {
    model::verdict verdict;
    task_facts after;  // equals before when void
};

/// Steps one task. `before` must be the *effective* facts (see control_ledger). `id_taken`: the
/// event's id is bound to another record. Only for events with a place (place_of != null) that
/// step_partition() has accepted.
step_result step(const task_facts& before, bool id_taken, const logged_event& logged);

/// Steps the partition: verdict of a claim, cursor, range, control, followed or horizon event, and
/// for any accepted owner event its t. Call it first for every event; a void verdict here is final.
/// A fold of a log whose beginning was trimmed begins with a horizon that has `control_next`.
verdict step_partition(partition_facts& partition, const logged_event& logged);

/// The priority that the task is served at.
inline priority priority_of(const record& where, const task_facts& facts) {
    return facts.priority == priority{0} ? where.priority : facts.priority;
}

/// The state people see.
task_state state_of(const task_facts& facts);

/// Back-off before attempt `spent`+1: min(backoff·2^(spent-1), 1 h) ± 10 %, by a hash of id and
/// spent, so equal everywhere.
milliseconds backoff_after(const task_limits& limits, std::uint32_t spent, const task_id& id);

/// How a lease is remembered once it has ended.
std::uint64_t fingerprint(const lease_token& lease);

/// The commands in force: cancel and retry of jobs, emptied queues. A command is one event whatever
/// the number of tasks; each task's facts are corrected when they are looked at. Fold state.
class control_ledger {
public:
    /// Adds an accepted `control` event.
    void apply(offset at_offset, instant at, const control& c);

    /// The facts with every later command applied: cancelled, or pending again. `at`, if given,
    /// receives when the last one that changed something was given.
    task_facts effective(const record& where, const job_name& job, const task_facts& facts,
                         instant* at = nullptr) const;

    bool empty() const { return by_job_.empty() && by_queue_.empty(); }
    /// Newest retry of the job; offset -1 when there is none.
    offset last_retry(const job_name& job) const;

    struct entry {
        offset at_offset;
        instant at;
        control what;
    };
    const std::vector<entry>* of_job(const job_name& job) const;
    /// Jobs whose dead letters were retried, sorted.
    std::vector<job_name> retried_jobs() const;

private:
    std::unordered_map<job_name, std::vector<entry>> by_job_;
    std::unordered_map<queue_name, std::vector<entry>> by_queue_;
};

}  // namespace kwq::model
