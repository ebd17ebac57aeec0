// What goes wrong, in one place: each field says which promise it tests. A value is a chance in
// 1,000 each time the fault could strike; 0: never. A seed draws which of them its world has, and
// how often each strikes, so that worlds differ in kind and not only in order.
#pragma once

#include "base/random.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kwq::sim {

struct faults {
    // ---- the process ----
    std::uint32_t killed = 0;         // kill -9 between any two steps: what was answered yes stays
    std::uint32_t killed_inside = 0;  // the same in the middle of a turn, at any call to the log or
                                      // the state: no order of two writes may matter
    std::uint32_t power_cut = 0;      // only what was synced is sure: no yes without a sync
    std::uint32_t stopped_gently = 0;  // a rolling restart loses nothing, not even an attempt
    std::uint32_t suspended = 0;       // SIGSTOP for minutes: leases wait for the server
    std::uint32_t second_owner = 0;    // another owner claims, the old one goes on: it is fenced
    // ---- the network ----
    std::uint32_t request_lost = 0;      // no answer: repeating is safe
    std::uint32_t answer_lost = 0;       // it happened, and nobody heard: repeating is safe
    std::uint32_t request_repeated = 0;  // delivered twice: counted once
    std::uint32_t message_late = 0;      // by up to minutes: after its lease, after a restart
    std::uint32_t client_gone = 0;  // in the middle of a long poll: its leases go back, unspent
    // ---- the disk ----
    std::uint32_t disk_slow = 0;    // appends wait, answers come late: nothing acts before reading
    std::uint32_t log_stalled = 0;  // takes nothing for seconds: what is decided is not known yet
    std::uint32_t append_failed = 0;  // and may have happened: unknown is never told as yes or no
    std::uint32_t log_stopped = 0;    // failed for good: the process ends rather than go on
    std::uint32_t disk_full = 0;      // a refusal is one for ever
    std::uint32_t state_failed = 0;   // the state's disk throws: the process ends, the log rebuilds
    std::uint32_t scheduler_state_lost = 0;  // deleted: rebuilt from the log, the same
    std::uint32_t tracker_state_lost = 0;    // the same
    std::uint32_t state_rolled_back = 0;     // not fsynced: an older one after a power cut
    // ---- time ----
    std::uint32_t wall_stepped = 0;  // any size, either way: no lease ends early or late by it
    std::uint32_t thread_late = 0;   // time passes while a loop could have run
    std::uint32_t slept = 0;         // nothing ran for hours: all of it is due at once
    // ---- workers ----
    std::uint32_t worker_stalled = 0;   // past its lease, then reports: lease_lost, nothing counted
    std::uint32_t worker_died = 0;      // its tasks come back after the lease, an attempt spent
    std::uint32_t worker_confused = 0;  // reports leases of others, of the past, and again
    // ---- load and strangers ----
    std::uint32_t overload = 0;         // more polls than may wait: refused, and nothing breaks
    std::uint32_t garbage_record = 0;   // on a task topic: set aside, its neighbours are served
    std::uint32_t garbage_event = 0;    // on kwq-status and kwq-control: skipped by every fold
    std::uint32_t foreign_owner = 0;    // an old epoch decides: void for every fold
    std::uint32_t mistaken_owner = 0;   // of this epoch, with what must not count: void as well
    std::uint32_t foreign_report = 0;   // a report straight to the log counts, if its lease lives
    std::uint32_t direct_producer = 0;  // records appended past the server are tasks like others
};

using fault = std::uint32_t faults::*;

struct named_fault {
    std::string_view name;
    fault field;
    std::uint32_t most;  // the chance in 1,000 that a world may draw
};

std::span<const named_fault> all_faults();

/// About half of them, each with a chance up to its most.
faults draw_faults(random_source& random);
/// Those of a comma-separated list, each as often as it can; nothing when one is unknown.
std::optional<faults> parse_faults(std::string_view list);

}  // namespace kwq::sim
