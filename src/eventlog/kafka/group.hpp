// group: which partitions of a topic this process should take care of, as the cluster shares them
// out among all members of a consumer group. Nothing is read: the topic is empty, and what counts
// is decided elsewhere, by claims in the log. Membership only says who should try.
#pragma once

#include "eventlog/kafka/kafka_log.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kwq::eventlog {

struct group_config {
    kafka_config kafka;
    std::string topic;  // its partitions are what is shared out; also the group's name
    /// A member that is silent for so long is given up, and its partitions go to others.
    milliseconds session_timeout{6'000};
    /// These are this process's from now on. The group's thread.
    std::function<void(std::vector<std::int32_t>)> assigned;
    /// These go to another member as soon as it returns. The group's thread.
    std::function<void(std::vector<std::int32_t>)> revoked;
};

class kafka_group {
public:
    virtual ~kafka_group() = default;  // leaves, if it has not yet
    /// Gives everything back (`revoked` is called) and leaves: the others need not wait.
    virtual void leave() = 0;
};

/// Throws log_failure (errc::cannot_open) for properties that librdkafka does not take. Joins in
/// the background; a cluster that is away is tried again for ever.
std::unique_ptr<kafka_group> join_kafka_group(const group_config& config);

}  // namespace kwq::eventlog
