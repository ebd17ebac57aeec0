// The Kafka log: an event_log on an Apache Kafka cluster. What it promises, what it asks of the
// cluster and how it reads is in README.md beside this file.
#pragma once

#include "base/clock.hpp"
#include "eventlog/event_log.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct rd_kafka_s;

namespace kwq::observe {
class metrics_page;
}

namespace kwq::eventlog {

struct kafka_config {
    std::string brokers;  // host:port,…: any of them, the others are learnt
    /// librdkafka's own, by name: TLS, SASL, tuning. Those that safety rests on are refused.
    std::vector<std::pair<std::string, std::string>> properties;
    /// What topics are made with, and the least that existing ones must have.
    int replication = 3;
    int min_insync = 2;
    /// Topics whose records may go by themselves after a while; all others keep them.
    std::vector<std::pair<std::string, milliseconds>> kept_for;
    /// How long a start waits for the cluster to answer.
    milliseconds start_patience{30'000};
    /// Called once, on a thread of the log's, when it can take nothing more: the process must end.
    std::function<void(std::string)> on_stop;
    /// Remarks for the log of the process. Any thread.
    std::function<void(std::string)> on_note;
    /// Records that are in the cluster and do not come for this long are read with a new consumer;
    /// appends that are not read back for twice as long have an unknown outcome.
    milliseconds stall_patience{10'000};
    /// For tests that make a client fail: each one, as it is made.
    std::function<void(rd_kafka_s*)> on_producer;
    std::function<void(rd_kafka_s*)> on_tail;
};

/// Throws log_failure (errc::cannot_open with a sentence for people) when no broker answers in
/// time, or when the cluster is less safe than asked for. Destroying the log waits until what was
/// appended is answered; nobody may be inside a call by then.
std::unique_ptr<event_log> open_kafka_log(const kafka_config& config);

/// Asks the cluster for the ends of partitions: range() says how far this process has read, which
/// may lie behind without its knowing. Waits for the answers, 3 s at most; nothing for those
/// without one. `log` is one of open_kafka_log().
std::vector<std::optional<offset>> ask_kafka_ends(event_log& log,
                                                  const std::vector<topic_partition>& places);

/// Commits offsets for a group that nobody is a member of: only for people's tools. Any thread.
result<void> commit_kafka_offsets(event_log& log, const std::string& group,
                                  const std::vector<std::pair<topic_partition, offset>>& offsets);

/// How it goes with the log: latencies, what was made anew, how far behind. Any thread.
/// `rebalances`: how often its group shared out anew, as its owner counts it.
void add_kafka_metrics(event_log& log, std::uint64_t rebalances, observe::metrics_page& page);

}  // namespace kwq::eventlog
