// tail: follows the ends of partitions. What comes behind them is read back here, by everybody's
// order, and goes to the views. Partitions are added one by one and never taken away; no group and
// no assignment is involved, so adding one disturbs no other.
#pragma once

#include "eventlog/kafka/client.hpp"
#include "eventlog/kafka/event_signal.hpp"
#include "eventlog/kafka/partition_view.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace kwq::eventlog::kafka {

/// The partitions of one topic. Lives as long as the log.
using topic_views = std::vector<std::unique_ptr<partition_view>>;

/// What one tail leaves to the next.
struct tail_shared {
    std::atomic<std::size_t> recent_limit{2U << 20U};  // bytes that each partition keeps
    std::atomic<std::uint64_t> troubles{0};            // with connections
};

class tail {
public:
    tail(const kafka_config& config, const client_notes& notes, tail_shared& shared);
    ~tail();

    const event_signal& signal() const { return signal_; }
    /// Any thread. Begins at the ends that the views have.
    void follow(const std::string& name, topic_views& views);

    // ---- the log's thread only ----
    /// Takes what has come; false when there was nothing.
    bool serve();
    /// Why it can read no further; empty while it can.
    const std::string& failure() const { return failure_; }

private:
    void take(const rd_kafka_message_s& message);
    void take_error(const rd_kafka_message_s& message);
    void deny_end(const rd_kafka_message_s& message, const std::string& text);
    void publish();
    void serve_errors();

    const client_notes& notes_;
    tail_shared& shared_;
    event_signal signal_;
    client_ptr client_;
    queue_ptr records_;
    queue_ptr errors_;
    std::mutex topics_mutex_;
    std::vector<std::pair<topic_ptr, std::size_t>> topics_;  // and partitions; under topics_mutex_
    // the log's thread
    partition_view* at_ = nullptr;  // whose records are being collected
    std::vector<log_record> collected_;
    std::size_t collected_bytes_ = 0;
    std::vector<partition_view*> moved_;
    std::string failure_;
};

}  // namespace kwq::eventlog::kafka
