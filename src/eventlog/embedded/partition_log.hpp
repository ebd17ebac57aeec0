// partition_log: one partition of the embedded log in memory: its ends, its newest records, its
// watchers. Any thread; `next` is the writer's alone.
#pragma once

#include "eventlog/embedded/stored_record.hpp"
#include "eventlog/event_log.hpp"
#include "eventlog/recent_records.hpp"
#include "eventlog/watchers.hpp"

#include <mutex>

namespace kwq::eventlog {

class partition_log {
public:
    partition_log(partition_key where, const partition_range& range, bool uses_reserve);

    partition_range range() const;
    /// The records have their place: they can be read from now on.
    void publish(std::vector<log_record> records, std::size_t recent_limit);
    void now_durable(offset below);
    void now_first(offset first);
    std::vector<recent_records::block> recent(offset from, std::size_t max_bytes) const;
    void call_watchers();
    void call_watcher(const std::string& name);

    const partition_key where;
    const bool uses_reserve;  // of disk space; others are refused before
    watchers watching;
    // Writer's only.
    offset next;
    offset watermark;  // the durable end that was last written

private:
    mutable std::mutex mutex_;
    partition_range range_;  // under mutex_
    recent_records recent_;  // under mutex_
};

}  // namespace kwq::eventlog
