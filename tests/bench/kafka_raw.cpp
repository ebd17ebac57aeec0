// What librdkafka alone does on a broker, beside which KWQ is measured: produces records and
// consumes them again, with the settings that KWQ has. Prints one line of JSON.
//
//   kafka_raw BROKERS TOPIC PARTITIONS RECORDS BYTES IN_FLIGHT
//
// IN_FLIGHT records are produced and not consumed yet at any time: 1 measures the way there and
// back, many the throughput.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

void need(bool ok, const char* what) {
    if (!ok) {
        std::fprintf(stderr, "kafka_raw: %s\n", what);
        std::exit(1);
    }
}

using settings = std::vector<std::pair<const char*, const char*>>;

rd_kafka_t* make(rd_kafka_type_t type, const char* brokers, const settings& of) {
    auto* const conf = rd_kafka_conf_new();
    char why[256];
    const auto set = [&](const char* name, const char* value) {
        need(rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK, why);
    };
    set("bootstrap.servers", brokers);
    set("socket.nagle.disable", "true");
    for (const auto& [name, value] : of) {
        set(name, value);
    }
    auto* const client = rd_kafka_new(type, conf, why, sizeof why);
    need(client != nullptr, why);
    return client;
}

struct bench {
    rd_kafka_t* producer = nullptr;
    rd_kafka_topic_t* out = nullptr;
    rd_kafka_queue_t* in = nullptr;
    int partitions = 1;
    std::string body;
    std::vector<double> milliseconds{};

    void produce(long n) {
        const auto now = steady::now().time_since_epoch().count();
        std::memcpy(body.data(), &now, sizeof now);
        need(rd_kafka_produce(out, static_cast<int>(n % partitions), RD_KAFKA_MSG_F_COPY,
                              body.data(), body.size(), nullptr, 0, nullptr) == 0,
             "a record was refused");
    }

    /// How many came.
    long consume() {
        rd_kafka_message_t* came[1'000];
        const auto count = rd_kafka_consume_batch_queue(in, 1, came, 1'000);
        const auto now = steady::now();
        for (ssize_t i = 0; i < count; ++i) {
            need(came[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_message_errstr(came[i]));
            steady::duration::rep sent = 0;
            std::memcpy(&sent, came[i]->payload, sizeof sent);
            const auto took = now.time_since_epoch() - steady::duration(sent);
            milliseconds.push_back(std::chrono::duration<double, std::milli>(took).count());
            rd_kafka_message_destroy(came[i]);
        }
        rd_kafka_poll(producer, 0);
        return std::max<long>(0, count);
    }
};

}  // namespace

int main(int argc, char** argv) {
    need(argc == 7, "BROKERS TOPIC PARTITIONS RECORDS BYTES IN_FLIGHT");
    const char* const brokers = argv[1];
    const long records = std::atol(argv[4]);
    const long in_flight = std::atol(argv[6]);
    bench b{.producer = make(RD_KAFKA_PRODUCER, brokers,
                             {{"enable.idempotence", "true"},
                              {"linger.ms", "0"},
                              {"batch.num.messages", "10000"},
                              {"queue.buffering.max.messages", "1000000"}}),
            .partitions = std::atoi(argv[3]),
            .body = std::string(std::max<std::size_t>(8, std::strtoul(argv[5], nullptr, 10)), 'x')};
    auto* const consumer = make(RD_KAFKA_CONSUMER, brokers,
                                {{"fetch.wait.max.ms", "250"}, {"queued.min.messages", "1000000"}});
    b.out = rd_kafka_topic_new(b.producer, argv[2], nullptr);
    auto* const topic = rd_kafka_topic_new(consumer, argv[2], nullptr);
    b.in = rd_kafka_queue_new(consumer);
    for (int p = 0; p < b.partitions; ++p) {  // from its end: what others left there is not ours
        std::int64_t first = 0;
        std::int64_t end = 0;
        need(rd_kafka_query_watermark_offsets(consumer, argv[2], p, &first, &end, 10'000) ==
                     RD_KAFKA_RESP_ERR_NO_ERROR &&
                 rd_kafka_consume_start_queue(topic, p, end, b.in) == 0,
             "a partition cannot be read");
    }
    for (int p = 0; p < b.partitions; ++p) {  // connections, leaders: not what is measured
        b.produce(p);
    }
    for (long came = 0; came < b.partitions;) {
        came += b.consume();
    }
    b.milliseconds.clear();
    const auto begin = steady::now();
    long sent = 0;
    for (long came = 0; came < records;) {
        for (; sent < records && sent - came < in_flight; ++sent) {
            b.produce(sent);
        }
        came += b.consume();
    }
    const double took = std::chrono::duration<double>(steady::now() - begin).count();
    std::sort(b.milliseconds.begin(), b.milliseconds.end());
    const auto at = [&](std::size_t percent) {
        return b.milliseconds[(b.milliseconds.size() - 1) * percent / 100];
    };
    std::printf("{\"records_per_s\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n",
                static_cast<double>(records) / took, at(50), at(99));
    std::fflush(stdout);
    std::_Exit(0);  // its threads need not be waited for
}
