// librdkafka's mock cluster behind a few verbs: brokers in this process, on ports of the loopback,
// that answer as they are told to. What it is not: it checks no sequence numbers (what is sent
// twice is there twice), waits out every fetch, keeps 5 MB of a partition, knows no topic settings
// and deletes no records.
#pragma once

#include "eventlog/kafka/kafka_log.hpp"
#include "log_fixtures.hpp"

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

struct rd_kafka_mock_cluster_s;

namespace kwq::eventlog::contract {

/// Requests by their number in Kafka's protocol.
enum class request : std::int16_t {
    produce = 0,
    fetch = 1,
    list_offsets = 2,
    metadata = 3,
    init_producer_id = 22,
};

class mock_cluster {
public:
    static constexpr int size = 3;
    mock_cluster();
    ~mock_cluster();
    mock_cluster(const mock_cluster&) = delete;
    mock_cluster& operator=(const mock_cluster&) = delete;

    std::string brokers() const;
    /// Led by broker 1, all partitions: what befalls that broker befalls them.
    void make_topic(const std::string& name, int partitions);
    void lead(const topic_partition& where, int broker);
    /// The next requests of a kind are answered so, one each, by whichever broker gets them.
    void answer_next(request kind, const std::vector<rd_kafka_resp_err_t>& codes);
    void answer_normally(request kind);
    /// The next request of a kind to a broker is obeyed at once and answered late.
    void answer_late(int broker, request kind, milliseconds by);
    /// Every answer of a broker takes so long.
    void slow(int broker, milliseconds by);
    void down(int broker);
    void up(int broker);
    /// Puts a batch of one record behind the end whose checksum is wrong, as a bad disk would.
    void append_damaged(const topic_partition& where, int broker);

private:
    rd_kafka_t* host_ = nullptr;
    rd_kafka_mock_cluster_s* cluster_ = nullptr;
};

/// A log on a mock cluster of its own, with a topic `t` of one partition, and what it said.
class mock_log {
public:
    using properties = std::vector<std::pair<std::string, std::string>>;
    explicit mock_log(const properties& more = {},
                      milliseconds stall_patience = milliseconds{10'000});

    event_log& log() { return *log_; }
    void pump_until(const std::function<bool()>& done) { wait_until(done); }
    /// Without waiting for the answer.
    answer send(const std::string& value);
    /// Waits for it.
    result<offset> put(const std::string& value);
    std::vector<std::string> values() { return read_values(*log_, only_partition); }
    std::vector<std::string> stops() const;
    int producers() const { return producers_; }

    mock_cluster cluster;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> stops_;  // under mutex_
    std::atomic<int> producers_{0};
    std::unique_ptr<event_log> log_;
};

/// The values "0", "1" and so on, so many.
std::vector<std::string> numbers(int count);
/// Until each has come.
void wait(const std::vector<answer>& answers);

/// What a mock cluster is asked for.
kafka_config mock_config(const mock_cluster& cluster);

/// For the contract suite. Topics are made by the cluster itself: the mock takes no CreateTopics.
class mock_fixture {
public:
    mock_fixture() { reopen(); }

    event_log& log() { return *log_; }
    void pump_until(const std::function<bool()>& done) { wait_until(done); }
    void reopen();

protected:
    mock_cluster cluster_;

private:
    std::unique_ptr<event_log> log_;
};

/// The same, where every third fetch and every second question for the ends fails in passing.
class troubled_fixture : public mock_fixture {
public:
    troubled_fixture();
};

}  // namespace kwq::eventlog::contract
