// What only the Kafka log does, on a real broker: reading from far back, several processes on one
// cluster, and what it refuses.
#include "kafka_fixture.hpp"

#include <librdkafka/rdkafka.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

using namespace kwq;
using namespace kwq::eventlog;
using namespace kwq::eventlog::contract;

namespace {

const topic_partition here{"t", 0};

std::unique_ptr<event_log> open(const std::string& prefix, kafka_config config = test_config()) {
    return std::make_unique<renamed_log>(open_kafka_log(config), prefix);
}

std::string numbered(std::int64_t n) {
    return std::to_string(n) + std::string(200, '.');
}

/// `count` records that tell their offsets, in appends of a hundred.
void fill(event_log& log, std::int64_t count) {
    REQUIRE(log.ensure_topic("t", 1).has_value());
    std::vector<answer> answers(static_cast<std::size_t>(count / 100));
    for (std::size_t i = 0; i < answers.size(); ++i) {
        std::vector<std::string> values;
        for (std::int64_t n = 0; n < 100; ++n) {
            values.push_back(numbered(static_cast<std::int64_t>(i) * 100 + n));
        }
        log.append(here, plain_records(values), durability::synced, answers[i].callback());
    }
    wait_until([&] { return answers.back().has(); });
    REQUIRE(answers.back().get().value() == offset{count - 100});
}

/// Reads all of it; how many were right.
std::int64_t read_all(event_log& log, std::size_t max_bytes) {
    std::int64_t next = 0;
    while (true) {
        const auto read = log.read(here, offset{next}, max_bytes);
        if (!read || read->empty()) {
            return next;
        }
        for (const auto& r : *read) {
            if (r.offset != offset{next} || r.value != numbered(next)) {
                return -1;
            }
            ++next;
        }
    }
}

}  // namespace

TEST_CASE("a long log is read from its beginning, by several at a time, in order") {
    const auto prefix = fresh_name("long-");
    constexpr std::int64_t count = 200'000;
    fill(*open(prefix), count);
    const auto log = open(prefix);
    REQUIRE(log->range(here).value().end == offset{count});
    std::int64_t alone = 0;
    std::int64_t beside = 0;
    const auto begin = std::chrono::steady_clock::now();
    std::thread other([&] { beside = read_all(*log, 512U << 10U); });
    alone = read_all(*log, 1U << 20U);
    other.join();
    const auto took = std::chrono::steady_clock::now() - begin;
    WARN("2 x " << count << " records in " << std::chrono::duration_cast<milliseconds>(took).count()
                << " ms");
    CHECK(alone == count);
    CHECK(beside == count);
}

TEST_CASE("single records are read from anywhere") {
    const auto prefix = fresh_name("single-");
    constexpr std::int64_t count = 20'000;
    fill(*open(prefix), count);
    const auto log = open(prefix);
    std::int64_t at = 1;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) {
        at = at * 7'919 % count;
        const auto read = log->read(here, offset{at}, 1).value();
        REQUIRE(read.size() == 1);
        CHECK(read.front().value == numbered(at));
    }
    const auto took = std::chrono::steady_clock::now() - begin;
    WARN("100 single records in " << std::chrono::duration_cast<milliseconds>(took).count()
                                  << " ms");
}

TEST_CASE("what one process appends another is told of and reads") {
    const auto prefix = fresh_name("two-");
    const auto writer = open(prefix);
    const auto reader = open(prefix);
    REQUIRE(writer->ensure_topic("t", 1).has_value());
    REQUIRE(reader->ensure_topic("t", 1).has_value());
    std::atomic<std::int64_t> end = -1;
    reader->watch(here, "test", [&](const partition_range& r) { end = r.end.value(); });
    wait_until([&] { return end == 0; });
    answer a;
    writer->append(here, plain_records({"x", "y"}), durability::synced, a.callback());
    wait_until([&] { return end == 2; });
    CHECK(read_values(*reader, here) == std::vector<std::string>{"x", "y"});
    reader->watch(here, "test", {});
}

TEST_CASE("a topic that forgets, or is otherwise less safe than asked for, is refused by name") {
    const auto prefix = fresh_name("unsafe-");
    auto forgets = test_config();
    forgets.kept_for = {{prefix + "t", milliseconds{3'600'000}}};
    REQUIRE(open(prefix, forgets)->ensure_topic("t", 1).has_value());
    CHECK(open(prefix, forgets)->ensure_topic("t", 1).has_value());
    const auto refused = open(prefix)->ensure_topic("t", 1);
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == errc::topic_mismatch);
    CHECK_THAT(refused.error().detail, Catch::Contains("retention.ms=3600000"));
}

TEST_CASE("after a fatal error of the producer what was on its way is unknown, and it goes on") {
    const auto prefix = fresh_name("fatal-");
    std::atomic<rd_kafka_s*> last = nullptr;
    std::atomic<int> made = 0;
    auto config = test_config();
    config.on_producer = [&](rd_kafka_s* p) {
        last = p;
        ++made;
    };
    const auto log = open(prefix, config);
    REQUIRE(log->ensure_topic("t", 1).has_value());
    std::vector<answer> answers(2'000);
    std::size_t sent = 0;
    answer told;
    for (auto& a : answers) {
        if (sent == 1'000) {
            // On the log's thread, which is the one that ends the producer: not while it is in
            // here.
            log->append(here, plain_records({"told"}), durability::synced,
                        [&last, told = told.callback()](result<offset> r) {
                            rd_kafka_test_fatal_error(
                                last, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "test");
                            told(std::move(r));
                        });
        }
        log->append(here, plain_records({std::to_string(sent++)}), durability::synced,
                    a.callback());
    }
    for (const auto& a : answers) {
        wait_until([&] { return a.has(); });
    }
    wait_until([&] { return told.has() && made == 2; });
    answer again;
    log->append(here, plain_records({"again"}), durability::synced, again.callback());
    wait_until([&] { return again.has(); });
    REQUIRE(again.get().has_value());
    const auto there = read_values(*log, here);
    std::size_t right = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto said = answers[i].get();
        if (said) {
            right += there.at(static_cast<std::size_t>(said->value())) == std::to_string(i) ? 1 : 0;
        } else {
            CHECK((said.error().code == errc::unknown || said.error().code == errc::overloaded));
            ++right;
            if (said.error().code == errc::overloaded) {
                CHECK(std::count(there.begin(), there.end(), std::to_string(i)) == 0);
            }
        }
    }
    CHECK(right == answers.size());
    CHECK(there.back() == "again");
}

TEST_CASE("two that start at once make a topic once") {
    const auto prefix = fresh_name("race-");
    const auto one = open(prefix);
    const auto two = open(prefix);
    bool made = false;
    std::thread other([&] { made = one->ensure_topic("t", 3).has_value(); });
    CHECK(two->ensure_topic("t", 3).has_value());
    other.join();
    CHECK(made);
    CHECK(one->range({"t", 2}).has_value());
}

TEST_CASE(
    "more replicas than brokers, properties of KWQ's own and no broker keep it from opening") {
    const auto why = [](const kafka_config& config) -> std::string {
        try {
            open_kafka_log(config);
        } catch (const log_failure& e) {
            CHECK(e.error().code == errc::cannot_open);
            return e.what();
        }
        return "opened";
    };
    auto config = test_config();
    config.replication = 3;
    CHECK_THAT(why(config), Catch::Contains("1 brokers, too few for 3 replicas"));
    config = test_config();
    config.properties = {{"acks", "1"}};
    CHECK_THAT(why(config), Catch::Contains("acks is KWQ's own"));
    config.properties = {{"sasl.mechanism", "nonsense"}, {"no.such.property", "1"}};
    CHECK_THAT(why(config), Catch::Contains("No such configuration property"));
    config = test_config();
    config.brokers = "127.0.0.1:1";
    config.start_patience = milliseconds{500};
    CHECK_THAT(why(config), Catch::Contains("no broker of 127.0.0.1:1 answered"));
}
