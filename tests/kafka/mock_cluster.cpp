// The mock cluster's verbs, and logs on it.
#include "mock_cluster.hpp"

#include <librdkafka/rdkafka_mock.h>

#include <catch2/catch.hpp>

#include <array>
#include <cstdio>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kwq::eventlog::contract {

namespace {

void take(rd_kafka_resp_err_t code) {
    REQUIRE(std::string(rd_kafka_err2name(code)) == "NO_ERROR");
}

/// Kafka's protocol is big-endian throughout.
template <class Int>
void put_int(std::string& to, Int value) {
    for (int shift = 8 * (static_cast<int>(sizeof(Int)) - 1); shift >= 0; shift -= 8) {
        to.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
    }
}

/// A batch of one record, "damaged", with a checksum that is not its own.
std::string damaged_batch() {
    std::string records(
        "\x1c\0\0\0\x01\x0e"
        "damaged"
        "\0",
        14);  // its length first, in zigzag: 14
    records[0] = static_cast<char>(2 * (records.size() - 1));
    std::string rest;
    put_int(rest, std::int32_t{0});  // leader epoch
    put_int(rest, std::int8_t{2});   // format
    put_int(rest, std::uint32_t{0xbadbadU});
    put_int(rest, std::int16_t{0});  // attributes
    put_int(rest, std::int32_t{0});  // last offset, from the first
    put_int(rest, std::int64_t{1});  // times, first and last
    put_int(rest, std::int64_t{1});
    put_int(rest, std::int64_t{-1});  // producer, epoch, sequence: none
    put_int(rest, std::int16_t{-1});
    put_int(rest, std::int32_t{-1});
    put_int(rest, std::int32_t{1});  // records
    rest += records;
    std::string batch;
    put_int(batch, std::int64_t{0});
    put_int(batch, static_cast<std::int32_t>(rest.size()));
    return batch + rest;
}

std::string produce_request(const topic_partition& where, const std::string& batch) {
    std::string body;
    put_int(body, std::int16_t{0});  // Produce, version 3
    put_int(body, std::int16_t{3});
    put_int(body, std::int32_t{1});   // correlation
    put_int(body, std::int16_t{-1});  // no client id
    put_int(body, std::int16_t{-1});  // no transaction
    put_int(body, std::int16_t{-1});  // acknowledged by all
    put_int(body, std::int32_t{1'000});
    put_int(body, std::int32_t{1});
    put_int(body, static_cast<std::int16_t>(where.topic.size()));
    body += where.topic;
    put_int(body, std::int32_t{1});
    put_int(body, where.partition);
    put_int(body, static_cast<std::int32_t>(batch.size()));
    body += batch;
    std::string framed;
    put_int(framed, static_cast<std::int32_t>(body.size()));
    return framed + body;
}

/// Sends it to a port of the loopback and waits for the first bytes of an answer.
void exchange(std::uint16_t port, const std::string& request) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(fd >= 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    const bool sent = connected && ::send(fd, request.data(), request.size(), 0) ==
                                       static_cast<ssize_t>(request.size());
    std::array<char, 4> size{};
    const bool answered = sent && ::recv(fd, size.data(), size.size(), MSG_WAITALL) == 4;
    ::close(fd);
    REQUIRE(answered);
}

/// Of the n-th of `host:port,…`.
std::uint16_t port_of(const std::string& brokers, int n) {
    std::size_t at = 0;
    for (int i = 1; i < n; ++i) {
        at = brokers.find(',', at) + 1;
    }
    return static_cast<std::uint16_t>(std::stoi(brokers.substr(brokers.find(':', at) + 1)));
}

}  // namespace

mock_cluster::mock_cluster() {
    std::array<char, 512> why{};
    auto* const conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", nullptr, 0);  // it has no brokers, and says so
    host_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
    REQUIRE(host_ != nullptr);
    cluster_ = rd_kafka_mock_cluster_new(host_, size);
    REQUIRE(cluster_ != nullptr);
}

mock_cluster::~mock_cluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
}

std::string mock_cluster::brokers() const {
    return rd_kafka_mock_cluster_bootstraps(cluster_);
}

void mock_cluster::make_topic(const std::string& name, int partitions) {
    take(rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, size));
    for (int p = 0; p < partitions; ++p) {
        lead({name, p}, 1);
    }
}

void mock_cluster::lead(const topic_partition& where, int broker) {
    take(
        rd_kafka_mock_partition_set_leader(cluster_, where.topic.c_str(), where.partition, broker));
}

void mock_cluster::answer_next(request kind, const std::vector<rd_kafka_resp_err_t>& codes) {
    rd_kafka_mock_push_request_errors_array(cluster_, static_cast<std::int16_t>(kind), codes.size(),
                                            codes.data());
}

void mock_cluster::answer_normally(request kind) {
    rd_kafka_mock_clear_request_errors(cluster_, static_cast<std::int16_t>(kind));
}

void mock_cluster::answer_late(int broker, request kind, milliseconds by) {
    take(rd_kafka_mock_broker_push_request_error_rtts(
        cluster_, broker, static_cast<std::int16_t>(kind), 1, RD_KAFKA_RESP_ERR_NO_ERROR,
        static_cast<int>(by.count())));
}

void mock_cluster::slow(int broker, milliseconds by) {
    take(rd_kafka_mock_broker_set_rtt(cluster_, broker, static_cast<int>(by.count())));
}

void mock_cluster::down(int broker) {
    take(rd_kafka_mock_broker_set_down(cluster_, broker));
}

void mock_cluster::up(int broker) {
    take(rd_kafka_mock_broker_set_up(cluster_, broker));
}

void mock_cluster::append_damaged(const topic_partition& where, int broker) {
    exchange(port_of(brokers(), broker), produce_request(where, damaged_batch()));
}

// ---- logs ---------------------------------------------------------------------------------------

std::vector<std::string> numbers(int count) {
    std::vector<std::string> all;
    all.reserve(static_cast<std::size_t>(count));
    for (int n = 0; n < count; ++n) {
        all.push_back(std::to_string(n));
    }
    return all;
}

void wait(const std::vector<answer>& answers) {
    for (const auto& a : answers) {
        wait_until([&] { return a.has(); });
    }
}

kafka_config mock_config(const mock_cluster& cluster) {
    return {.brokers = cluster.brokers(),
            .properties = {{"fetch.wait.max.ms", "5"}},  // waited out, whatever comes meanwhile
            .replication = mock_cluster::size,
            .min_insync = 2,
            .kept_for = {},
            .on_stop = [](const std::string& why) { std::fprintf(stderr, "%s\n", why.c_str()); },
            .on_note = [](const std::string&) {}};
}

mock_log::mock_log(const properties& more, milliseconds stall_patience) {
    cluster.make_topic(only_partition.topic, 1);
    auto config = mock_config(cluster);
    config.properties.insert(config.properties.end(), more.begin(), more.end());
    config.stall_patience = stall_patience;
    config.on_stop = [this](std::string why) {
        const std::lock_guard lock(mutex_);
        stops_.push_back(std::move(why));
    };
    config.on_note = [](const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); };
    config.on_producer = [this](rd_kafka_t*) { ++producers_; };
    log_ = open_kafka_log(config);
    REQUIRE(log_->range(only_partition).has_value());
}

answer mock_log::send(const std::string& value) {
    answer a;
    log_->append(only_partition, plain_records({value}), durability::synced, a.callback());
    return a;
}

result<offset> mock_log::put(const std::string& value) {
    const auto a = send(value);
    wait_until([&] { return a.has(); });
    return a.get();
}

std::vector<std::string> mock_log::stops() const {
    const std::lock_guard lock(mutex_);
    return stops_;
}

// ---- for the contract suite ---------------------------------------------------------------------

namespace {

/// A log whose topics appear as they are asked for.
class log_on_mock final : public event_log {
public:
    explicit log_on_mock(mock_cluster& cluster)
        : cluster_(cluster), log_(open_kafka_log(mock_config(cluster))) {}

    result<void> ensure_topic(const std::string& topic, std::int32_t partitions) override {
        if (!log_->range({topic, 0})) {
            cluster_.make_topic(topic, partitions);
        }
        return {};
    }
    void append(const topic_partition& where, std::vector<new_record> batch, durability how,
                append_callback done) override {
        log_->append(where, std::move(batch), how, std::move(done));
    }
    result<std::vector<log_record>> read(const topic_partition& where, offset from,
                                         std::size_t max_bytes) override {
        return log_->read(where, from, max_bytes);
    }
    result<partition_range> range(const topic_partition& where) override {
        return log_->range(where);
    }
    result<void> trim(const topic_partition& where, offset before) override {
        return log_->trim(where, before);
    }
    void watch(const topic_partition& where, const std::string& name,
               watch_callback on_move) override {
        log_->watch(where, name, std::move(on_move));
    }
    result<void> flush() override { return log_->flush(); }

private:
    mock_cluster& cluster_;
    const std::unique_ptr<event_log> log_;
};

}  // namespace

void mock_fixture::reopen() {
    log_.reset();
    log_ = std::make_unique<log_on_mock>(cluster_);
}

troubled_fixture::troubled_fixture() {
    constexpr std::size_t more_than_a_test_makes = 50'000;
    std::vector<rd_kafka_resp_err_t> fetches(more_than_a_test_makes, RD_KAFKA_RESP_ERR_NO_ERROR);
    auto questions = fetches;
    for (std::size_t i = 0; i < fetches.size(); i += 3) {
        fetches[i] = i % 2 == 0 ? RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION
                                : RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE;
    }
    for (std::size_t i = 0; i < questions.size(); i += 2) {
        questions[i] = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    }
    cluster_.answer_next(request::fetch, fetches);
    cluster_.answer_next(request::list_offsets, questions);
}

}  // namespace kwq::eventlog::contract
