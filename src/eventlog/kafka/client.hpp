// client: librdkafka's handles with owners, and how each kind of handle is set up. A handle must go
// after all queues, topics and messages of its own: declare them behind it.
#pragma once

#include "eventlog/kafka/kafka_log.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

struct rd_kafka_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;
struct rd_kafka_message_s;
struct rd_kafka_op_s;  // an event, to callers
struct rd_kafka_conf_s;

namespace kwq::eventlog::kafka {

struct destroy_handle {
    void operator()(rd_kafka_s* handle) const;
    void operator()(rd_kafka_queue_s* queue) const;
    void operator()(rd_kafka_topic_s* topic) const;
    void operator()(rd_kafka_message_s* message) const;
    void operator()(rd_kafka_op_s* event) const;
};
using client_ptr = std::unique_ptr<rd_kafka_s, destroy_handle>;
using queue_ptr = std::unique_ptr<rd_kafka_queue_s, destroy_handle>;
using topic_ptr = std::unique_ptr<rd_kafka_topic_s, destroy_handle>;
using message_ptr = std::unique_ptr<rd_kafka_message_s, destroy_handle>;
using event_ptr = std::unique_ptr<rd_kafka_op_s, destroy_handle>;

/// A record of max_record_bytes with what Kafka adds: what clients send and topics take.
inline constexpr const char* message_bytes = "4259840";

enum class client_role {
    producer,
    tail,     // follows every partition at its end: quick
    history,  // reads on from anywhere: much at a time
    lookup,   // reads single records: little at a time
    group,    // a member of a group that reads nothing
    admin,    // asks, and reads nothing: a broker answers in turn, so a read that waits delays the
              // rest
};

/// Passes remarks of clients on, each kind once in a while: a cluster that is away has them say the
/// same many times a second. Any thread; outlives the clients.
class client_notes {
public:
    explicit client_notes(std::function<void(std::string)> note) : note_(std::move(note)) {}
    void say(const std::string& text) const;
    /// Nothing is passed on any more once it returns: whoever was told may go before the client.
    void end();

private:
    mutable std::mutex mutex_;
    std::function<void(std::string)> note_;          // under mutex_
    mutable std::map<std::string, mono_time> said_;  // under mutex_
};

/// Throws log_failure (errc::cannot_open) for properties that librdkafka does not take.
client_ptr make_client(client_role role, const kafka_config& config, const client_notes& notes);
/// What a member of a group is besides.
struct group_membership {
    std::string group;
    milliseconds session_timeout{6'000};
    /// Sets the callbacks; the handle's opaque is the notes.
    void (*add_callbacks)(rd_kafka_conf_s*) = nullptr;
};
client_ptr make_group_client(const kafka_config& config, const client_notes& notes,
                             const group_membership& of);
/// Throws log_failure when `config` has a property that is not the user's to choose.
void refuse_own_properties(const kafka_config& config);

/// The topic of a client that reads or writes it; `opaque` comes back with its messages.
topic_ptr open_topic(rd_kafka_s* client, const std::string& name, void* opaque);

log_record to_record(const rd_kafka_message_s& message);
/// Of a message without a record: its bytes came, and are not what was written. librdkafka may go
/// on behind them.
bool is_damage(int code);

}  // namespace kwq::eventlog::kafka
