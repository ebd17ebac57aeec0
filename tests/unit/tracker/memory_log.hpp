// memory_log: a log for the tracker's tests. Appends are visible at once; how far it is durable is
// said by the test. Any thread.
#pragma once

#include "eventlog/event_log.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace kwq::tracker {

class memory_log final : public eventlog::event_log {
public:
    /// Appends become durable at once, unless held.
    void hold_durable(bool hold);
    void make_durable();
    /// Replaces a record, or forgets those from an offset on: a log that is not the one before.
    void replace(const eventlog::topic_partition& where, std::int64_t offset, std::string value);
    void cut(const eventlog::topic_partition& where, std::int64_t from);
    void put(const eventlog::topic_partition& where, std::string key, std::string value,
             instant at);

    eventlog::result<void> ensure_topic(const std::string& topic, std::int32_t partitions) override;
    void append(const eventlog::topic_partition& where, std::vector<eventlog::new_record> batch,
                eventlog::durability how, append_callback done) override;
    eventlog::result<std::vector<eventlog::log_record>> read(const eventlog::topic_partition& where,
                                                             model::offset from,
                                                             std::size_t max_bytes) override;
    eventlog::result<eventlog::partition_range> range(
        const eventlog::topic_partition& where) override;
    eventlog::result<void> trim(const eventlog::topic_partition& where,
                                model::offset before) override;
    void watch(const eventlog::topic_partition& where, const std::string& name,
               watch_callback on_move) override;
    eventlog::result<void> flush() override;

private:
    struct partition {
        std::vector<eventlog::log_record> records;
        std::int64_t durable = 0;
        watch_callback watcher;
    };
    static eventlog::partition_range range_of(const partition& p);
    partition* find(const eventlog::topic_partition& where);

    std::mutex mutex_;
    bool held_ = false;
    std::map<eventlog::topic_partition, partition> partitions_;
};

}  // namespace kwq::tracker
