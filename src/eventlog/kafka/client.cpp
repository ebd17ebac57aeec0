// The settings of each kind of client, with their reasons, and the translation of records.
#include "eventlog/kafka/client.hpp"

#include "base/assert.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>

namespace kwq::eventlog::kafka {

namespace {

using property = std::pair<const char*, const char*>;

constexpr std::array of_all{
    property{"client.id", "kwq"},
    property{"log_level", "4"},  // warnings and worse
    property{"message.max.bytes", message_bytes},
    property{"socket.nagle.disable", "true"},
    // A broker that stopped without a word is given up after this.
    property{"socket.timeout.ms", "10000"},
    property{"socket.keepalive.enable", "true"},
    property{"reconnect.backoff.ms", "20"},
    property{"reconnect.backoff.max.ms", "500"},
    property{"topic.metadata.refresh.interval.ms", "10000"},
    property{"topic.metadata.refresh.fast.interval.ms", "50"},
};

constexpr std::array of_producer{
    property{"enable.idempotence", "true"},
    property{"acks", "all"},
    // Batches form by themselves while a request is on its way; waiting for more only adds to that.
    property{"linger.ms", "0"},
    property{"retry.backoff.ms", "20"},
    property{"batch.num.messages", "10000"},
    property{"request.timeout.ms", "5000"},
    // After this a caller hears that the outcome is unknown, or that nothing happened.
    property{"message.timeout.ms", "30000"},
    // Never full: appends are counted and refused before (max_unwritten_bytes).
    property{"queue.buffering.max.messages", "10000000"},
    property{"queue.buffering.max.kbytes", "1048576"},
};

constexpr std::array of_readers{
    property{"auto.offset.reset", "error"},  // an offset that is gone is never stepped over
    property{"allow.auto.create.topics", "false"},   property{"enable.auto.commit", "false"},
    property{"isolation.level", "read_uncommitted"}, property{"check.crcs", "true"},
    property{"fetch.error.backoff.ms", "20"},        property{"fetch.max.bytes", "16777216"},
};

constexpr std::array of_tail{
    // New records end the wait at once; only those of a partition just added may come this late.
    property{"fetch.wait.max.ms", "250"},
    property{"queued.min.messages", "1000000"},
    property{"queued.max.messages.kbytes", "32768"},
};

// The limit of what is fetched ahead is for one stream, and without what librdkafka keeps of each
// message, half as much again. When all streams of a client are at theirs, this version looks again
// after a second only: history.cpp wakes it.
constexpr std::array of_history{
    property{"enable.partition.eof", "true"},      property{"fetch.wait.max.ms", "10"},
    property{"queued.min.messages", "1000000"},    property{"queued.max.messages.kbytes", "256"},
    property{"fetch.message.max.bytes", "131072"},
};

constexpr std::array of_lookup{
    property{"enable.partition.eof", "true"},     property{"fetch.wait.max.ms", "10"},
    property{"queued.min.messages", "1000000"},   property{"queued.max.messages.kbytes", "1024"},
    property{"fetch.message.max.bytes", "16384"},
};

constexpr std::array of_group{
    property{"partition.assignment.strategy", "cooperative-sticky"},
    property{"auto.offset.reset", "latest"},  // the topic is empty
    property{"enable.auto.offset.store", "false"},
};

// What the promises of the log rest on, and what they exclude.
constexpr std::array not_yours{
    "acks",
    "request.required.acks",
    "enable.idempotence",
    "transactional.id",
    "group.id",
    "group.instance.id",
    "auto.offset.reset",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "isolation.level",
    "message.max.bytes",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "retries",
    "message.send.max.retries",
    "queue.buffering.max.messages",
    "queue.buffering.max.kbytes",
    "allow.auto.create.topics",
    "bootstrap.servers",
    "metadata.broker.list",
};

constexpr milliseconds say_again{10'000};
constexpr std::size_t max_kinds = 256;

struct conf_deleter {
    void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using conf_ptr = std::unique_ptr<rd_kafka_conf_t, conf_deleter>;

[[noreturn]] void refuse(const std::string& why) {
    throw log_failure({errc::cannot_open, "Kafka: " + why});
}

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
        refuse(std::string(why.data()));
    }
}

template <std::size_t N>
void set_all(rd_kafka_conf_t* conf, const std::array<property, N>& list) {
    for (const auto& [name, value] : list) {
        set(conf, name, value);
    }
}

void take_log_line(const rd_kafka_t* handle, int, const char*, const char* text) {
    const auto* notes = static_cast<const client_notes*>(rd_kafka_opaque(handle));
    notes->say(text);
}

}  // namespace

void client_notes::say(const std::string& text) const {
    // What differs from one time to the next stands in brackets behind it.
    const std::string kind = text.substr(0, text.find(" (after"));
    const auto now = system_clock().monotonic();
    const std::lock_guard lock(mutex_);
    const auto last = said_.find(kind);
    if (last != said_.end() && now - last->second < say_again) {
        return;
    }
    if (said_.size() >= max_kinds) {
        said_.clear();
    }
    said_[kind] = now;
    if (note_) {
        note_(text);
    }
}

void client_notes::end() {
    const std::lock_guard lock(mutex_);
    note_ = nullptr;
}

void destroy_handle::operator()(rd_kafka_s* handle) const {
    rd_kafka_destroy(handle);
}
void destroy_handle::operator()(rd_kafka_queue_s* queue) const {
    rd_kafka_queue_destroy(queue);
}
void destroy_handle::operator()(rd_kafka_topic_s* topic) const {
    rd_kafka_topic_destroy(topic);
}
void destroy_handle::operator()(rd_kafka_op_s* event) const {
    rd_kafka_event_destroy(event);
}

void destroy_handle::operator()(rd_kafka_message_s* message) const {
    rd_kafka_message_destroy(message);
}

void refuse_own_properties(const kafka_config& config) {
    for (const auto& [name, value] : config.properties) {
        if (std::find(not_yours.begin(), not_yours.end(), name) != not_yours.end()) {
            refuse("the property " + name + " is KWQ's own to set: its promises rest on it");
        }
    }
}

namespace {

conf_ptr settings_of(client_role role, const kafka_config& config, const client_notes& notes) {
    conf_ptr conf(rd_kafka_conf_new());
    set_all(conf.get(), of_all);
    if (role == client_role::producer) {
        set_all(conf.get(), of_producer);
    } else {
        set_all(conf.get(), of_readers);
    }
    switch (role) {
        case client_role::producer:
        case client_role::admin: break;
        case client_role::tail: set_all(conf.get(), of_tail); break;
        case client_role::history: set_all(conf.get(), of_history); break;
        case client_role::lookup: set_all(conf.get(), of_lookup); break;
        case client_role::group: set_all(conf.get(), of_group); break;
    }
    set(conf.get(), "bootstrap.servers", config.brokers);
    for (const auto& [name, value] : config.properties) {
        set(conf.get(), name, value);
    }
    rd_kafka_conf_set_opaque(conf.get(), const_cast<client_notes*>(&notes));
    rd_kafka_conf_set_log_cb(conf.get(), take_log_line);
    return conf;
}

client_ptr make_handle(conf_ptr conf, rd_kafka_type_t type) {
    std::array<char, 512> why{};
    auto* const handle = rd_kafka_new(type, conf.get(), why.data(), why.size());
    if (handle == nullptr) {
        refuse(std::string(why.data()));
    }
    static_cast<void>(conf.release());  // the handle's now
    return client_ptr(handle);
}

}  // namespace

client_ptr make_client(client_role role, const kafka_config& config, const client_notes& notes) {
    auto conf = settings_of(role, config, notes);
    const bool writes = role == client_role::producer;
    if (writes) {
        rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_DR);
    } else if (role == client_role::tail) {
        rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_ERROR);
    }  // nobody would take the events of the others: their errors are log lines
    return make_handle(std::move(conf), writes ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER);
}

client_ptr make_group_client(const kafka_config& config, const client_notes& notes,
                             const group_membership& of) {
    auto conf = settings_of(client_role::group, config, notes);
    set(conf.get(), "group.id", of.group);
    set(conf.get(), "session.timeout.ms", std::to_string(of.session_timeout.count()));
    set(conf.get(), "heartbeat.interval.ms",
        std::to_string(std::min<std::int64_t>(1'000, of.session_timeout.count() / 4)));
    if (of.add_callbacks != nullptr) {
        of.add_callbacks(conf.get());
    }
    return make_handle(std::move(conf), RD_KAFKA_CONSUMER);
}

topic_ptr open_topic(rd_kafka_s* client, const std::string& name, void* opaque) {
    auto* const conf = rd_kafka_default_topic_conf_dup(client);
    rd_kafka_topic_conf_set_opaque(conf, opaque);
    topic_ptr topic(rd_kafka_topic_new(client, name.c_str(), conf));
    KWQ_ASSERT(topic != nullptr);
    return topic;
}

log_record to_record(const rd_kafka_message_s& message) {
    log_record r;
    r.offset = offset{message.offset};
    r.timestamp = instant{rd_kafka_message_timestamp(&message, nullptr)};
    r.key.assign(static_cast<const char*>(message.key), message.key_len);
    r.value.assign(static_cast<const char*>(message.payload), message.len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return r;
    }
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
        r.headers.emplace_back(name, value == nullptr
                                         ? std::string()
                                         : std::string(static_cast<const char*>(value), size));
    }
    return r;
}

bool is_damage(int code) {
    return code == RD_KAFKA_RESP_ERR__BAD_MSG || code == RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
}

}  // namespace kwq::eventlog::kafka
