// tail: see the header.
#include "eventlog/kafka/tail.hpp"

#include "base/assert.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>

namespace kwq::eventlog::kafka {

namespace {

constexpr std::size_t records_a_turn = 2'048;
// Records are kept and dropped in blocks of about this much.
constexpr std::size_t block_bytes = 64U << 10U;

}  // namespace

tail::tail(const kafka_config& config, const client_notes& notes, tail_shared& shared)
    : notes_(notes),
      shared_(shared),
      client_(make_client(client_role::tail, config, notes)),
      records_(rd_kafka_queue_new(client_.get())),
      errors_(rd_kafka_queue_get_main(client_.get())) {
    signal_.follow(records_.get());
    signal_.follow(errors_.get());
    if (config.on_tail) {
        config.on_tail(client_.get());
    }
}

tail::~tail() {
    for (const auto& [topic, partitions] : topics_) {
        for (std::size_t p = 0; p < partitions; ++p) {
            rd_kafka_consume_stop(topic.get(), static_cast<std::int32_t>(p));
        }
    }
}

void tail::follow(const std::string& name, topic_views& views) {
    auto topic = open_topic(client_.get(), name, &views);
    for (const auto& view : views) {
        view->end_denied = false;
        const auto started = rd_kafka_consume_start_queue(
            topic.get(), view->where.partition, view->range().end.value(), records_.get());
        KWQ_ASSERT(started == 0);
    }
    const std::lock_guard lock(topics_mutex_);
    topics_.emplace_back(std::move(topic), views.size());
}

bool tail::serve() {
    signal_.clear();
    serve_errors();
    std::array<rd_kafka_message_t*, records_a_turn> messages{};
    const auto count =
        rd_kafka_consume_batch_queue(records_.get(), 0, messages.data(), messages.size());
    for (ssize_t i = 0; i < count; ++i) {
        const message_ptr message(messages[static_cast<std::size_t>(i)]);
        if (!failure_.empty()) {
            continue;  // behind a gap nothing counts
        }
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            take(*message);
        } else {
            take_error(*message);
        }
    }
    publish();
    for (auto* const view : moved_) {
        view->call_watchers();
    }
    for (auto* const view : moved_) {
        view->answer_read();
    }
    moved_.clear();
    return count > 0;
}

void tail::take(const rd_kafka_message_s& message) {
    auto& views = *static_cast<topic_views*>(rd_kafka_topic_opaque(message.rkt));
    auto* const view = views[static_cast<std::size_t>(message.partition)].get();
    if (view != at_ || collected_bytes_ >= block_bytes) {
        publish();
        at_ = view;
    }
    collected_.push_back(to_record(message));
    collected_bytes_ += size_of(collected_.back());
}

void tail::publish() {
    if (collected_.empty()) {
        return;
    }
    at_->publish(std::move(collected_), shared_.recent_limit);
    collected_.clear();
    collected_bytes_ = 0;
    if (std::find(moved_.begin(), moved_.end(), at_) == moved_.end()) {
        moved_.push_back(at_);
    }
}

/// An offset that is gone was cut off by an election that lost records, and nothing that was folded
/// from them can be trusted; or a broker said so that came back without its disk and had not heard
/// yet who leads: the sentinel finds out. What came damaged is gone as well, or comes whole to the
/// next process. Everything else librdkafka gets over by itself.
void tail::take_error(const rd_kafka_message_s& message) {
    ++shared_.troubles;
    const std::string text =
        std::string(message.rkt == nullptr ? "Kafka" : rd_kafka_topic_name(message.rkt)) +
        " partition " + std::to_string(message.partition) + ": " +
        rd_kafka_message_errstr(&message);
    switch (message.err) {
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: deny_end(message, text); break;
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR__BAD_MSG:
        case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
            failure_ = "the log cannot be read on: " + text;
            break;
        default: notes_.say(text);
    }
}

void tail::deny_end(const rd_kafka_message_s& message, const std::string& text) {
    if (message.rkt == nullptr) {
        failure_ = "the log cannot be read on: " + text;  // nobody knows where
        return;
    }
    auto& views = *static_cast<topic_views*>(rd_kafka_topic_opaque(message.rkt));
    views[static_cast<std::size_t>(message.partition)]->end_denied = true;
    notes_.say(text + ": reading anew");
}

void tail::serve_errors() {
    while (const event_ptr event{rd_kafka_queue_poll(errors_.get(), 0)}) {
        if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
            ++shared_.troubles;
            notes_.say(rd_kafka_event_error_string(event.get()));
        }
    }
}

}  // namespace kwq::eventlog::kafka
