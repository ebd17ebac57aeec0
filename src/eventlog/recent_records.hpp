// recent_records: the newest records of one partition, kept in memory so that those who read at the
// end, which is nearly always, never ask the disk or the cluster. Guarded by its partition's mutex.
#pragma once

#include "eventlog/event_log.hpp"

#include <deque>
#include <memory>

namespace kwq::eventlog {

class recent_records {
public:
    /// Records of one append. Shared: a reader copies out of it after the mutex is released, while
    /// the partition may already drop it.
    using block = std::shared_ptr<const std::vector<log_record>>;

    void add(std::vector<log_record> records, std::size_t limit_bytes);
    /// Blocks that hold the records from `from` on, up to about `max_bytes`; empty if `from` is
    /// older than what is kept.
    std::vector<block> from(offset from, std::size_t max_bytes) const;

private:
    struct entry {
        block records;
        std::size_t bytes = 0;
    };
    std::deque<entry> entries_;
    std::size_t bytes_ = 0;
};

/// The records from `from` on: at least one, then up to `max_bytes`. Needs no mutex.
std::vector<log_record> copy_from(const std::vector<recent_records::block>& blocks, offset from,
                                  std::size_t max_bytes);

}  // namespace kwq::eventlog
