// record_source: where the checker reads a log from. Only what it needs: which topics there are,
// where they begin and end, and their records in order. Any event_log will do, and the directory of
// a server that has stopped.
#pragma once

#include "eventlog/event_log.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kwq::check {

struct topic_shape {
    std::string name;
    std::int32_t partitions = 1;
};

class record_source {
public:
    virtual ~record_source() = default;
    virtual eventlog::result<std::vector<topic_shape>> topics() = 0;
    virtual eventlog::result<eventlog::partition_range> range(
        const eventlog::topic_partition& where) = 0;
    /// As event_log::read.
    virtual eventlog::result<std::vector<eventlog::log_record>> read(
        const eventlog::topic_partition& where, model::offset from, std::size_t max_bytes) = 0;
};

/// A log that is open; `log` outlives the source. A log does not list its topics, so they are
/// named.
std::unique_ptr<record_source> make_log_source(eventlog::event_log& log,
                                               std::vector<topic_shape> topics);

/// The embedded log in `directory`, or in `log` below it, of a server that has stopped. Nothing in
/// it is changed. errc::cannot_open with a sentence when there is none or a server has it open.
eventlog::result<std::unique_ptr<record_source>> open_log_directory(const std::string& directory);
/// The same of a server that may be at work, as it is now. `scratch` is an empty directory.
eventlog::result<std::unique_ptr<record_source>> open_log_beside_server(
    const std::string& directory, const std::string& scratch);

}  // namespace kwq::check
