// partition_view: what is known here of one partition of the cluster: its ends, its newest records,
// its watchers, and the appends that were acknowledged but not read back yet. The ends move when
// records are read back, never before: what range() says is there, read() gives without waiting.
#pragma once

#include "eventlog/event_log.hpp"
#include "eventlog/kafka/log_counters.hpp"
#include "eventlog/recent_records.hpp"
#include "eventlog/watchers.hpp"

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

namespace kwq::eventlog::kafka {

class partition_view {
public:
    /// `read_back` outlives it.
    partition_view(topic_partition where, const partition_range& range, timed& read_back);

    partition_range range() const;
    /// Newest records from `from` on; nothing when they are no longer kept here.
    std::optional<std::vector<log_record>> recent(offset from, std::size_t max_bytes) const;
    void now_first(offset first);
    void call_watcher(const std::string& name);

    // ---- the log's thread only ----
    /// Records that came behind the end, in order. Then the watchers are to be called, and then the
    /// appends among them to be answered: who was answered asks at once, and must find them.
    void publish(std::vector<log_record> records, std::size_t recent_limit);
    void answer_read();
    /// Calls `done` with `first` once everything up to `last` is read back.
    void answer_when_read(offset first, offset last, event_log::append_callback done);
    void call_watchers();
    /// Those that wait to be read back, when they never will be.
    std::vector<event_log::append_callback> take_unanswered();

    const topic_partition where;
    watchers watching;
    /// Held while an append hands over its records, so that they are neighbours.
    std::mutex sending;
    /// Appends that came, and those of them that were answered. Any thread.
    std::atomic<std::uint64_t> appended{0};
    std::atomic<std::uint64_t> answered{0};
    /// A broker said that there is nothing at the end that was read to: it is not read on until it
    /// is followed anew. Any thread.
    std::atomic<bool> end_denied{false};

private:
    struct acknowledged {
        offset first;
        offset last;
        event_log::append_callback done;
        mono_clock::time_point since;
    };

    timed& read_back_;
    mutable std::mutex mutex_;
    partition_range range_;  // under mutex_
    recent_records recent_;  // under mutex_
    std::deque<acknowledged> unread_;
};

}  // namespace kwq::eventlog::kafka
