// history: see the header. A partition can be fetched once by each client, so two readers of one
// partition, which is what scheduler and tracker are, need two clients.
#include "eventlog/kafka/history.hpp"

#include "base/assert.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>

namespace kwq::eventlog::kafka {

namespace {

constexpr std::size_t bulk_readers = 2;
constexpr std::size_t single_record_bytes = 16U << 10U;  // reads of no more ask for one record
constexpr std::size_t max_open_streams = 16;
constexpr std::int64_t max_skip = 1'000;  // records that a stream rather passes by than starts anew
constexpr int stalls_of_patience = 6;
constexpr int look_ms = 100;
constexpr int wake_ms = 1'000;

}  // namespace

struct history::reader {
    client_ptr client;
    bool single = false;
    std::map<std::string, topic_ptr> topics;
};

struct history::stream {
    stream(reader& r, topic_partition at) : from(r), where(std::move(at)) {}
    ~stream() { stop(); }

    void stop() {
        held.reset();
        if (topic != nullptr) {
            rd_kafka_consume_stop(topic, where.partition);
            topic = nullptr;
        }
        queue.reset();
    }

    reader& from;
    const topic_partition where;
    queue_ptr queue;
    message_ptr held;  // fetched, and left for the next read
    rd_kafka_topic_t* topic = nullptr;
    offset next;
    bool busy = false;
    std::uint64_t used = 0;
};

history::history(const kafka_config& config, const client_notes& notes)
    : config_(config), notes_(notes) {}

history::~history() = default;

result<std::vector<log_record>> history::read(const topic_partition& where, offset from, offset end,
                                              std::size_t max_bytes) {
    const bool single = max_bytes <= single_record_bytes;
    stream& s = take_stream(where, from, single);
    std::vector<log_record> found;
    std::size_t bytes = 0;
    const auto give_up = system_clock().monotonic() + config_.stall_patience * stalls_of_patience;
    while (s.next < end) {
        if (found.empty() && system_clock().monotonic() > give_up) {
            put_back(s, true);
            return log_error{errc::stopped, where.topic + " cannot be read at offset " +
                                                std::to_string(from.value())};
        }
        if (!s.held) {
            fetch(s, found.empty());
        }
        if (!s.held) {
            if (!found.empty()) {
                break;
            }
            continue;
        }
        if (s.held->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            // What is left up to the end are not records (a transaction's marks).
            s.next = std::max(s.next, offset{s.held->offset});
            s.held.reset();
            if (s.next >= end || !found.empty()) {
                break;
            }
            continue;
        }
        if (s.held->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
            s.held->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
            put_back(s, true);
            return log_error{errc::trimmed, "offset " + std::to_string(from.value()) +
                                                " has been trimmed from " + where.topic};
        }
        if (is_damage(s.held->err)) {
            const std::string text = rd_kafka_message_errstr(s.held.get());
            put_back(s, true);
            if (!found.empty()) {
                return found;  // the next read begins with it
            }
            return log_error{errc::corrupt, where.topic + " partition " +
                                                std::to_string(where.partition) + ": " + text};
        }
        if (s.held->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            notes_.say(where.topic + ": " + rd_kafka_message_errstr(s.held.get()));
            s.held.reset();
            continue;
        }
        if (offset{s.held->offset} >= end) {
            s.next = offset{s.held->offset};
            break;
        }
        if (offset{s.held->offset} >= from) {
            auto record = to_record(*s.held);
            bytes += size_of(record);
            if (!found.empty() && bytes > max_bytes) {
                break;
            }
            found.push_back(std::move(record));
        }
        s.next = offset{s.held->offset + 1};
        s.held.reset();
    }
    // What a single one's stream would fetch ahead is seldom wanted.
    put_back(s, single || s.next >= end);
    return found;
}

/// The next message, if it is there, or if it comes while somebody waits.
void history::fetch(stream& s, bool waits) {
    s.held.reset(rd_kafka_consume_queue(s.queue.get(), 0));
    if (!s.held && waits) {
        wake(s);
        s.held.reset(rd_kafka_consume_queue(s.queue.get(), look_ms));
    }
}

// ---- streams ------------------------------------------------------------------------------------

history::stream& history::take_stream(const topic_partition& where, offset from, bool single) {
    std::unique_lock lock(mutex_);
    while (true) {
        stream* s = find_open(where, from, single);
        if (s == nullptr) {
            s = open_new(where, from, single);
        }
        if (s == nullptr) {
            s = reopen_idle(where, from, single);
        }
        if (s != nullptr) {
            s->busy = true;
            s->used = ++uses_;
            close_idle();
            return *s;
        }
        put_back_.wait(lock);
    }
}

history::stream* history::find_open(const topic_partition& where, offset from, bool single) {
    for (const auto& s : streams_) {
        const bool right = !s->busy && s->from.single == single && s->where == where;
        if (right && s->next <= from && from.value() - s->next.value() <= max_skip) {
            return s.get();
        }
    }
    return nullptr;
}

/// On a reader that has no stream of this partition, if there is one.
history::stream* history::open_new(const topic_partition& where, offset from, bool single) {
    const auto has_one = [&](const reader& r) {
        return std::any_of(streams_.begin(), streams_.end(),
                           [&](const auto& s) { return &s->from == &r && s->where == where; });
    };
    const auto right = [&](const auto& r) { return r->single == single && !has_one(*r); };
    auto found = std::find_if(readers_.begin(), readers_.end(), right);
    if (found == readers_.end()) {
        const auto there = std::count_if(readers_.begin(), readers_.end(),
                                         [&](const auto& r) { return r->single == single; });
        if (static_cast<std::size_t>(there) >= (single ? 1 : bulk_readers)) {
            return nullptr;
        }
        auto made = std::make_unique<reader>();
        made->client =
            make_client(single ? client_role::lookup : client_role::history, config_, notes_);
        made->single = single;
        readers_.push_back(std::move(made));
        found = std::prev(readers_.end());
    }
    streams_.push_back(std::make_unique<stream>(**found, where));
    start(*streams_.back(), from);
    return streams_.back().get();
}

/// The one of this partition that was used longest ago starts at another place.
history::stream* history::reopen_idle(const topic_partition& where, offset from, bool single) {
    stream* oldest = nullptr;
    for (const auto& s : streams_) {
        const bool right = !s->busy && s->from.single == single && s->where == where;
        if (right && (oldest == nullptr || s->used < oldest->used)) {
            oldest = s.get();
        }
    }
    if (oldest != nullptr) {
        oldest->stop();
        start(*oldest, from);
    }
    return oldest;
}

void history::start(stream& s, offset from) {
    auto& topic = s.from.topics[s.where.topic];
    if (!topic) {
        topic = open_topic(s.from.client.get(), s.where.topic, nullptr);
    }
    s.queue.reset(rd_kafka_queue_new(s.from.client.get()));
    s.topic = topic.get();
    s.next = from;
    const auto started =
        rd_kafka_consume_start_queue(s.topic, s.where.partition, from.value(), s.queue.get());
    KWQ_ASSERT(started == 0);
}

/// A broker's thread that has nothing to fetch, or whose streams have fetched enough, looks again
/// after a second only; neither a start nor reading what was fetched wakes it. An answer from the
/// broker does.
void history::wake(stream& s) {
    std::int64_t first = 0;
    std::int64_t last = 0;
    rd_kafka_query_watermark_offsets(s.from.client.get(), s.where.topic.c_str(), s.where.partition,
                                     &first, &last, wake_ms);
}

void history::put_back(stream& s, bool close) {
    {
        const std::lock_guard lock(mutex_);
        s.busy = false;
        if (close) {
            streams_.remove_if([&](const auto& one) { return one.get() == &s; });
        }
    }
    put_back_.notify_all();
}

/// Each stream holds what it has fetched ahead.
void history::close_idle() {
    while (streams_.size() > max_open_streams) {
        auto oldest = streams_.end();
        for (auto s = streams_.begin(); s != streams_.end(); ++s) {
            if (!(*s)->busy && (oldest == streams_.end() || (*s)->used < (*oldest)->used)) {
                oldest = s;
            }
        }
        if (oldest == streams_.end()) {
            return;
        }
        streams_.erase(oldest);
    }
}

}  // namespace kwq::eventlog::kafka
