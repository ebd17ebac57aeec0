// producer: sends appends and learns what became of them. Idempotent, acknowledged by all in-sync
// replicas. When librdkafka calls its state fatal, which a lost connection can bring about, what
// was on its way has an unknown outcome and the log makes a new producer.
#pragma once

#include "eventlog/kafka/client.hpp"
#include "eventlog/kafka/event_signal.hpp"
#include "eventlog/kafka/partition_view.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

namespace kwq::eventlog::kafka {

class producer {
public:
    producer(const kafka_config& config, const client_notes& notes);
    ~producer();

    const event_signal& signal() const { return signal_; }
    /// Any thread. Takes `done` only when it returns nothing.
    std::optional<log_error> send(partition_view& to, std::vector<new_record>& batch,
                                  event_log::append_callback& done);
    /// What was sent and is not answered yet. Any thread.
    std::size_t unanswered() const { return unanswered_; }

    // ---- the log's thread only ----
    /// Handles events; false when there was none. Answers go to the views.
    bool serve();
    /// Why it can take nothing more; empty while it can.
    const std::string& fatal() const { return fatal_; }
    /// Gives up what is on its way: its outcome is unknown. Nobody may be inside send().
    void give_up();

private:
    struct on_its_way;
    struct cut {
        on_its_way* append = nullptr;
        std::size_t missing = 0;
        int code = 0;
    };

    rd_kafka_topic_s* topic(const std::string& name);
    int send_one(on_its_way& append, const new_record& r);
    void cut_short(on_its_way* append, std::size_t missing, int code);
    std::size_t serve_one(int patience_ms);
    void serve_cut();
    void on_delivery(const rd_kafka_message_s& message);
    void report(on_its_way* append, std::size_t reports, int code);
    void finish(std::unique_ptr<on_its_way> append);
    void on_error(bool is_fatal, const char* text);

    const client_notes& notes_;
    event_signal signal_;
    client_ptr client_;
    queue_ptr events_;
    std::shared_mutex topics_mutex_;
    std::map<std::string, topic_ptr> topics_;  // under topics_mutex_
    std::atomic<std::size_t> unanswered_{0};   // appends
    std::atomic<std::size_t> bytes_{0};        // of them
    std::atomic<bool> dead_{false};
    std::mutex cut_mutex_;
    std::vector<cut> cut_;  // under cut_mutex_
    std::string fatal_;     // the log's thread
};

}  // namespace kwq::eventlog::kafka
