// log_target: where the records of a log are written again. Partitions come one after the other,
// each with its records in the order of their offsets, none left out.
//
// One thread. After an error it is of no more use; what was written until then is half a log.
#pragma once

#include "eventlog/event_log.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kwq::transfer {

struct topic_plan {
    std::string name;
    std::int32_t partitions = 1;
};

class log_target {
public:
    virtual ~log_target() = default;
    /// A topic that is not there yet, or is empty.
    virtual eventlog::result<void> add_topic(const topic_plan& topic) = 0;
    /// The records that follow are of this partition, which begins at `first`.
    virtual eventlog::result<void> begin(const eventlog::topic_partition& where,
                                         model::offset first) = 0;
    virtual eventlog::result<void> add(eventlog::log_record record) = 0;
    /// All of it is durable when it returns.
    virtual eventlog::result<void> finish() = 0;
};

/// A new embedded log in `directory`: errc::cannot_open when there is something in it already.
eventlog::result<std::unique_ptr<log_target>> make_storage_target(const std::string& directory);

/// A log that is open, and gives offsets itself: errc::topic_mismatch for a topic that holds
/// records. A partition that does not begin at 0 is filled up to where it does, and trimmed there.
/// `log` outlives the target.
std::unique_ptr<log_target> make_append_target(eventlog::event_log& log);

}  // namespace kwq::transfer
