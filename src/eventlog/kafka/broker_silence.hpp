// broker_silence: how long no broker has said anything to a client, from librdkafka's statistics
// (STATISTICS.md there): a client that is cut off says nothing of it for a long time.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace kwq::eventlog::kafka {

/// The least of all brokers with a connection, each since its last answer; nothing when there is
/// none. `statistics`: JSON, with brokers before topics.
std::optional<std::chrono::milliseconds> silence_of_brokers(std::string_view statistics);

}  // namespace kwq::eventlog::kafka
