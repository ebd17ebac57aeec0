// The group's thread sleeps until librdkafka has something for it: assignments are called back from
// consumer_poll() only.
#include "eventlog/kafka/group.hpp"

#include "base/clock.hpp"
#include "eventlog/kafka/client.hpp"
#include "eventlog/kafka/event_signal.hpp"

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <mutex>
#include <thread>

#include <poll.h>

namespace kwq::eventlog {

namespace {

using namespace kafka;

// Shorter than max.poll.interval.ms by far: a member that does not ask is put out.
constexpr int poll_interval_ms = 1'000;
constexpr int leaving_poll_ms = 20;
// A broker waits three seconds for others before it tells the first members of a group their part.
constexpr milliseconds longest_join{5'000};

std::vector<std::int32_t> numbers(const rd_kafka_topic_partition_list_t& list) {
    std::vector<std::int32_t> out;
    out.reserve(static_cast<std::size_t>(list.cnt));
    for (int i = 0; i < list.cnt; ++i) {
        out.push_back(list.elems[i].partition);
    }
    return out;
}

struct list_deleter {
    void operator()(rd_kafka_topic_partition_list_t* l) const {
        rd_kafka_topic_partition_list_destroy(l);
    }
};
using list_ptr = std::unique_ptr<rd_kafka_topic_partition_list_t, list_deleter>;

class member;

/// The opaque of the handle: log lines need the notes, assignments the member.
struct member_notes : client_notes {
    member_notes(std::function<void(std::string)> note, member& m)
        : client_notes(std::move(note)), of(m) {}
    member& of;
};

class member final : public kafka_group {
public:
    explicit member(const group_config& config)
        : config_(config), notes_(std::make_unique<member_notes>(config.kafka.on_note, *this)) {
        client_ = make_group_client(config_.kafka, *notes_,
                                    {config_.topic, config_.session_timeout, add_callbacks});
        rd_kafka_poll_set_consumer(client_.get());
        queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
        signal_.follow(queue_.get());
        const list_ptr wanted(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(wanted.get(), config_.topic.c_str(),
                                          RD_KAFKA_PARTITION_UA);
        if (const auto code = rd_kafka_subscribe(client_.get(), wanted.get());
            code != RD_KAFKA_RESP_ERR_NO_ERROR) {
            throw log_failure(
                {errc::cannot_open,
                 std::string("Kafka: the group cannot be joined: ") + rd_kafka_err2str(code)});
        }
        thread_ = std::thread([this] { run(); });
    }

    ~member() override { leave(); }

    void leave() override {
        if (!thread_.joinable()) {
            return;
        }
        leaving_ = true;
        signal_.raise();
        thread_.join();
        const bool is_destroyable = has_assignment_ || !has_joined() || await_assignment();
        queue_.reset();
        rd_kafka_consumer_close(client_.get());  // calls back what is revoked
        if (!is_destroyable) {
            notes_->end();
            static_cast<void>(notes_.release());
            static_cast<void>(client_.release());
        }
    }

private:
    void run() {
        while (!leaving_) {
            pollfd ready{signal_.descriptor(), POLLIN, 0};
            ::poll(&ready, 1, poll_interval_ms);
            signal_.clear();
            while (!leaving_ && serve(0)) {
                // to its end, else it would not wake us again
            }
        }
    }

    /// False: nothing came in this time.
    bool serve(int wait_ms) {
        const message_ptr said(rd_kafka_consumer_poll(client_.get(), wait_ms));
        if (said != nullptr && said->err != RD_KAFKA_RESP_ERR_NO_ERROR) {  // there are no records
            notes_->say(std::string("the group: ") + rd_kafka_message_errstr(said.get()));
        }
        return said != nullptr;
    }

    /// Whether a broker has answered that it takes part.
    bool has_joined() {
        char* const id = rd_kafka_memberid(client_.get());
        const bool joined = id != nullptr && *id != '\0';
        rd_kafka_mem_free(client_.get(), id);
        return joined;
    }

    /// A handle that has joined and never heard of its part is not destroyed: an assertion of
    /// librdkafka's fails then (its issue 4312, mended in 2.3).
    bool await_assignment() {
        const auto end = system_clock().monotonic() + longest_join;
        while (!has_assignment_ && system_clock().monotonic() < end) {
            serve(leaving_poll_ms);
        }
        return has_assignment_;
    }

    static void add_callbacks(rd_kafka_conf_s* conf) {
        rd_kafka_conf_set_rebalance_cb(conf, rebalanced);
    }

    static void rebalanced(rd_kafka_t* client, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t* list, void* opaque) {
        const auto& notes = *static_cast<member_notes*>(static_cast<client_notes*>(opaque));
        rd_kafka_error_t* failed = nullptr;
        if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
            failed = rd_kafka_incremental_assign(client, list);
            notes.of.has_assignment_ = true;
            if (!notes.of.leaving_) {
                notes.of.config_.assigned(numbers(*list));
            }
        } else {
            notes.of.config_.revoked(numbers(*list));
            failed = rd_kafka_incremental_unassign(client, list);
        }
        if (failed != nullptr) {
            notes.say(std::string("the group: ") + rd_kafka_error_string(failed));
            rd_kafka_error_destroy(failed);
        }
    }

    const group_config config_;
    std::unique_ptr<member_notes> notes_;
    event_signal signal_;
    client_ptr client_;
    queue_ptr queue_;
    bool has_assignment_ = false;  // the group's thread, and once it has ended whoever leaves
    std::atomic<bool> leaving_{false};
    std::thread thread_;
};

}  // namespace

std::unique_ptr<kafka_group> join_kafka_group(const group_config& config) {
    return std::make_unique<member>(config);
}

}  // namespace kwq::eventlog
