// The rules that a log, and a history of what callers were told, must obey. S1 to S28 are the names
// that messages, docs/check.md and the tests use; a rule that one log cannot break has no checks.
#pragma once

#include <cstdint>
#include <string_view>

namespace kwq::check {

enum class rule : std::uint8_t {
    lost_task,         // S1
    phantom,           // S2
    duplicate_id,      // S3
    changed_bytes,     // S4
    two_leases,        // S5
    told_not_logged,   // S6
    lease_token,       // S7
    stale_lease,       // S8
    complete_once,     // S9
    same_answer,       // S10
    state_machine,     // S11
    owner_epoch,       // S12
    early_expiry,      // S13
    attempts,          // S14
    not_before,        // S15
    priority_order,    // S16
    conservation,      // S17
    tracker_agrees,    // S18
    state_is_prefix,   // S19
    one_log,           // S20
    session_reads,     // S21
    told_is_durable,   // S22
    honest_refusal,    // S23
    cancelled_stays,   // S24
    quotas,            // S25
    forgotten_early,   // S26
    time_goes_back,    // S27
    unreadable_event,  // S28
};
inline constexpr int rule_count = 28;

/// `S1` …
std::string_view id_of(rule r);
/// What it demands, as half a sentence.
std::string_view demand_of(rule r);

}  // namespace kwq::check
