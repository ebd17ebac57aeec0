// producer: see the header. One append is one `on_its_way`, which every message of it points to.
#include "eventlog/kafka/producer.hpp"

#include "base/assert.hpp"

#include <librdkafka/rdkafka.h>

#include <array>

namespace kwq::eventlog::kafka {

namespace {

constexpr std::size_t messages_a_turn = 4'096;
constexpr int give_up_patience_ms = 10'000;

std::string text_of(int code) {
    return std::string("Kafka: ") + rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code));
}

/// When nothing was appended.
log_error refusal(int code) {
    switch (code) {
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: return {errc::too_large, text_of(code)};
        default: return {errc::overloaded, text_of(code)};
    }
}

}  // namespace

struct producer::on_its_way {
    partition_view& to;
    std::vector<new_record> batch;  // librdkafka reads it until the last delivery report
    event_log::append_callback done;
    rd_kafka_topic_t* topic = nullptr;
    std::size_t bytes = 0;
    std::size_t left = 0;  // reports that are still to come
    std::size_t delivered = 0;
    std::int64_t first = -1;
    std::int64_t last = -1;
    int error = RD_KAFKA_RESP_ERR_NO_ERROR;  // the first one
    bool may_be_there = false;               // one that failed
};

producer::producer(const kafka_config& config, const client_notes& notes)
    : notes_(notes),
      client_(make_client(client_role::producer, config, notes)),
      events_(rd_kafka_queue_get_main(client_.get())) {
    signal_.follow(events_.get());
    if (config.on_producer) {
        config.on_producer(client_.get());
    }
}

producer::~producer() {
    KWQ_ASSERT(unanswered_ == 0);
}

rd_kafka_topic_s* producer::topic(const std::string& name) {
    {
        const std::shared_lock lock(topics_mutex_);
        if (const auto known = topics_.find(name); known != topics_.end()) {
            return known->second.get();
        }
    }
    const std::unique_lock lock(topics_mutex_);
    auto& made = topics_[name];
    if (!made) {
        made = open_topic(client_.get(), name, nullptr);
    }
    return made.get();
}

std::optional<log_error> producer::send(partition_view& to, std::vector<new_record>& batch,
                                        event_log::append_callback& done) {
    if (dead_) {
        return refusal(RD_KAFKA_RESP_ERR__FATAL);
    }
    std::size_t bytes = 0;
    for (const auto& r : batch) {
        bytes += size_of(r) + sizeof(new_record);
    }
    if (bytes_.fetch_add(bytes) + bytes > max_unwritten_bytes) {
        bytes_ -= bytes;
        return log_error{errc::overloaded, "too much waits to be written"};
    }
    ++unanswered_;
    auto* const rkt = topic(to.where.topic);
    const std::lock_guard one_at_a_time(to.sending);
    const std::size_t count = batch.size();
    // Owned by its messages: the last report frees it, perhaps before this function returns.
    auto* const append = new on_its_way{.to = to,
                                        .batch = std::move(batch),
                                        .done = std::move(done),
                                        .topic = rkt,
                                        .bytes = bytes,
                                        .left = count};
    for (std::size_t i = 0; i < count; ++i) {
        const auto code = send_one(*append, append->batch[i]);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            continue;
        }
        if (i > 0) {  // the producer died meanwhile
            cut_short(append, count - i, code);
            return std::nullopt;
        }
        batch = std::move(append->batch);
        done = std::move(append->done);
        delete append;
        bytes_ -= bytes;
        --unanswered_;
        return refusal(code);
    }
    return std::nullopt;
}

int producer::send_one(on_its_way& append, const new_record& r) {
    // Not const in librdkafka's interface, and not changed by it.
    auto* const value = const_cast<char*>(r.value.data());
    auto* const key = r.key.empty() ? nullptr : const_cast<char*>(r.key.data());
    if (r.headers.empty() && !r.timestamp) {
        const auto refused = rd_kafka_produce(append.topic, append.to.where.partition, 0, value,
                                              r.value.size(), key, r.key.size(), &append);
        return refused == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
    }
    auto* const headers = rd_kafka_headers_new(r.headers.size());
    for (const auto& [name, text] : r.headers) {
        rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), text.data(),
                            static_cast<ssize_t>(text.size()));
    }
    const std::int64_t timestamp = r.timestamp ? r.timestamp->value() : 0;  // 0: now
    const auto code = rd_kafka_producev(
        client_.get(), RD_KAFKA_V_RKT(append.topic),
        RD_KAFKA_V_PARTITION(append.to.where.partition), RD_KAFKA_V_MSGFLAGS(0),
        RD_KAFKA_V_VALUE(value, r.value.size()), RD_KAFKA_V_KEY(key, r.key.size()),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_TIMESTAMP(timestamp), RD_KAFKA_V_OPAQUE(&append),
        RD_KAFKA_V_END);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_headers_destroy(headers);
    }
    return code;
}

/// The log's thread counts the reports that will not come.
void producer::cut_short(on_its_way* append, std::size_t missing, int code) {
    {
        const std::lock_guard lock(cut_mutex_);
        cut_.push_back({append, missing, code});
    }
    signal_.raise();
}

// ---- the log's thread ---------------------------------------------------------------------------

bool producer::serve() {
    signal_.clear();
    std::size_t handled = 0;
    while (handled < messages_a_turn) {
        const auto more = serve_one(0);
        if (more == 0) {
            break;
        }
        handled += more;
    }
    serve_cut();
    return handled > 0;
}

/// How many messages and errors the next event had; 0: there was none.
std::size_t producer::serve_one(int patience_ms) {
    const event_ptr event(rd_kafka_queue_poll(events_.get(), patience_ms));
    if (!event) {
        return 0;
    }
    std::size_t handled = 1;
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_DR) {
        while (const auto* message = rd_kafka_event_message_next(event.get())) {
            on_delivery(*message);
            ++handled;
        }
    } else if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
        on_error(rd_kafka_event_error_is_fatal(event.get()) != 0,
                 rd_kafka_event_error_string(event.get()));
    }
    return handled;
}

void producer::serve_cut() {
    std::vector<cut> missing;
    {
        const std::lock_guard lock(cut_mutex_);
        missing.swap(cut_);
    }
    for (const auto& c : missing) {
        c.append->may_be_there = true;
        report(c.append, c.missing, c.code);
    }
}

void producer::on_delivery(const rd_kafka_message_s& message) {
    auto* const append = static_cast<on_its_way*>(message._private);
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        append->first = append->delivered == 0 ? message.offset : append->first;
        append->last = message.offset;
        ++append->delivered;
    } else if (rd_kafka_message_status(&message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED) {
        append->may_be_there = true;
    }
    report(append, 1, message.err);
}

void producer::report(on_its_way* append, std::size_t reports, int code) {
    if (append->error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        append->error = code;
    }
    append->left -= reports;
    if (append->left == 0) {
        finish(std::unique_ptr<on_its_way>(append));
    }
}

void producer::finish(std::unique_ptr<on_its_way> append) {
    bytes_ -= append->bytes;
    const auto count = append->batch.size();
    const auto spread = static_cast<std::size_t>(append->last - append->first) + 1;
    if (append->delivered == count && spread == count) {
        append->to.answer_when_read(offset{append->first}, offset{append->last},
                                    std::move(append->done));
    } else if (append->delivered == count) {
        // Somebody else's records came between: its offsets are not what a caller counts on.
        append->done(log_error{errc::unknown, "the records are there, but not side by side"});
    } else if (append->delivered > 0 || append->may_be_there) {
        append->done(log_error{errc::unknown, text_of(append->error)});
    } else {
        append->done(refusal(append->error));
    }
    --unanswered_;
}

void producer::on_error(bool is_fatal, const char* text) {
    if (is_fatal) {
        std::array<char, 512> why{};
        rd_kafka_fatal_error(client_.get(), why.data(), why.size());
        fatal_ = std::string("the Kafka producer cannot go on: ") + why.data();
    } else {
        notes_.say(text);
    }
}

void producer::give_up() {
    dead_ = true;
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    serve_cut();
    while (unanswered_ > 0) {
        KWQ_ASSERT(serve_one(give_up_patience_ms) > 0);
    }
}

}  // namespace kwq::eventlog::kafka
