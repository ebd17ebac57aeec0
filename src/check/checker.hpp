// checker: reads a whole log once, shard by shard, and says whether it obeys the rules; with a
// history, whether those who called the server were told the truth. What `kwq check` runs.
#pragma once

#include "check/findings.hpp"
#include "check/record_source.hpp"
#include "model/task.hpp"

#include <array>
#include <cstdint>
#include <istream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kwq::check {

using state_counts = std::array<std::uint64_t, model::task_state_count>;

struct check_options {
    std::string prefix = "kwq";
    /// JSON lines of what clients did and were told (docs/check.md); null: none.
    std::istream* history = nullptr;
};

struct check_report {
    std::uint64_t topics = 0;
    std::uint64_t records = 0;
    std::uint64_t events = 0;
    std::uint64_t accepted = 0;
    std::vector<std::pair<std::string, std::uint64_t>> voids;  // by reason, only those there are
    std::uint64_t unreadable_events = 0;
    std::uint64_t trimmed_events = 0;  // not there any more
    std::uint64_t controls = 0;
    std::uint64_t tasks = 0;  // records that are tasks of their own
    std::uint64_t duplicates = 0;
    std::uint64_t set_aside = 0;
    state_counts states{};
    std::map<std::string, state_counts> jobs;
    std::uint64_t unfollowed = 0;  // completions whose follow-ups are not all submitted yet
    std::uint64_t operations = 0;  // of the history
    findings found;
};

/// errc::corrupt and its like when the log cannot be read at all; a bad record in it is a finding.
eventlog::result<check_report> check_log(record_source& source, const check_options& options);

}  // namespace kwq::check
