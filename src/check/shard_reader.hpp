// shard_reader: fills the tables of the checker from one shard's partitions: first the records of
// its task topics, then its events into the refold. Whatever is missing, out of place or unreadable
// is a finding of its own.
#pragma once

#include "check/checker.hpp"
#include "check/refold.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace kwq::check {

/// `<prefix>-<queue>-<priority>` taken apart; nothing when it is no topic of tasks.
struct lane_name {
    model::queue_name queue;
    model::priority priority;
};
std::optional<lane_name> parse_lane(const std::string& prefix, const std::string& topic);

/// One shard as it was read.
struct checked_shard {
    std::int32_t number = 0;
    task_table table;
    std::unique_ptr<refold> fold;
};

class shard_reader {
public:
    shard_reader(record_source& source, const check_options& options, check_report& report);

    /// The commands of kwq-control. First.
    eventlog::result<void> read_controls();
    /// Ids set aside in kwq-rejected. Before the shards.
    eventlog::result<void> read_rejected();
    eventlog::result<std::unique_ptr<checked_shard>> read_shard(std::int32_t number);
    std::int32_t shards() const { return shards_; }
    eventlog::result<void> list_topics();

private:
    using visit = std::function<void(const eventlog::log_record&)>;

    /// Every record of the partition in order; a gap or a bad record is a finding and ends it.
    eventlog::result<void> for_each(const eventlog::topic_partition& where, const visit& one);
    eventlog::result<void> read_lane(checked_shard& shard, const lane_name& name,
                                     const std::string& topic);
    void read_task(checked_shard& shard, lane& l, const eventlog::log_record& r);
    eventlog::result<void> read_events(checked_shard& shard);
    void read_event(checked_shard& shard, const eventlog::log_record& r);
    void check_follow_ups(const checked_shard& shard);
    void count(const checked_shard& shard);
    bool has(const std::string& topic) const;

    record_source& source_;
    const check_options& options_;
    check_report& report_;
    std::vector<topic_shape> topics_;
    std::int32_t shards_ = 0;
    refold::commands commands_;
    std::unordered_set<std::uint64_t> rejected_ids_;
};

}  // namespace kwq::check
