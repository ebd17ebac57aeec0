// topics: what is asked of the cluster about topics and partitions: which there are, with what
// settings, from where to where; making them, and forgetting the beginning of a partition. All
// calls wait for the cluster. Any thread.
#pragma once

#include "eventlog/kafka/client.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace kwq::eventlog::kafka {

struct topic_facts {
    std::int32_t partitions = 0;
    int replicas = 0;    // of the partition that has fewest
    bool ready = false;  // every partition has a leader
};

using placed_offsets = std::vector<std::pair<topic_partition, offset>>;

class topics {
public:
    topics(const kafka_config& config, const client_notes& notes);

    /// Waits until a broker answers; how many there are.
    result<int> wait_for_brokers();
    /// Nothing when there is no such topic.
    result<std::optional<topic_facts>> find(const std::string& name);
    /// Makes it, or finds it made by another; returns when it can be used.
    result<topic_facts> create(const std::string& name, std::int32_t partitions);
    /// Whether it is as safe as it must be: errc::topic_mismatch with a sentence when not.
    result<void> check(const std::string& name, const topic_facts& facts);
    result<partition_range> ends(const topic_partition& where);
    /// Of a topic's partitions, all at once where their leaders answer at once.
    result<std::vector<partition_range>> all_ends(const std::string& name, std::int32_t partitions);
    /// The ends of many at once; nothing for those whose leader does not answer.
    std::vector<std::optional<offset>> ends_of(const std::vector<topic_partition>& places);
    /// For a group without members; does not wait. What has not changed is seldom said again.
    result<void> commit(const std::string& group, const placed_offsets& offsets);
    /// The offset that is now the first.
    result<offset> trim(const topic_partition& where, offset before);

private:
    std::vector<std::optional<offset>> ask(const std::vector<topic_partition>& places,
                                           std::int64_t what);
    result<void> check_settings(const std::string& name);

    const kafka_config& config_;
    const client_notes& notes_;
    const client_ptr client_;
    std::mutex committed_mutex_;
    client_ptr committer_;  // in the group, and no member; under committed_mutex_
    std::map<topic_partition, std::pair<offset, mono_time>> committed_;  // under committed_mutex_
};

}  // namespace kwq::eventlog::kafka
