// The names of the topics: `<prefix>-<queue>-<priority>` for tasks, and the three of KWQ itself.
#pragma once

#include "eventlog/event_log.hpp"
#include "model/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kwq::eventlog {

struct topic_names {
    std::string prefix = "kwq";

    std::string tasks(const model::queue_name& queue, model::priority p) const;
    std::string status() const { return prefix + "-status"; }
    std::string control() const { return prefix + "-control"; }
    std::string rejected() const { return prefix + "-rejected"; }
    /// Empty: what the instances on Kafka share out.
    std::string shards() const { return prefix + "-shards"; }
};

}  // namespace kwq::eventlog
