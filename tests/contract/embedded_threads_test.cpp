// The embedded log under several threads: order within each, adjacency of each append, and reads
// and watches beside them.
#include "log_fixtures.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <latch>
#include <map>
#include <thread>

using namespace kwq;
using namespace kwq::eventlog;
using namespace kwq::eventlog::contract;

namespace {

constexpr int threads = 8;
constexpr int appends = 300;
constexpr int batch_size = 3;

/// `thread append index`, three records for each append.
void append_from(event_log& log, int thread, std::atomic<int>& answered) {
    for (int i = 0; i < appends; ++i) {
        std::vector<new_record> batch;
        for (int k = 0; k < batch_size; ++k) {
            batch.push_back({.key = std::to_string(thread),
                             .value = std::to_string(i * batch_size + k),
                             .headers = {}});
        }
        log.append(only_partition, std::move(batch),
                   i % 5 == 0 ? durability::synced : durability::ordered,
                   [&answered](const result<offset>& r) { answered += r.has_value() ? 1 : 0; });
    }
}

/// Reads to the end, from `from` on, and checks that offsets have no gap.
std::int64_t read_on(event_log& log, std::int64_t from, std::vector<log_record>& into) {
    const auto read = log.read(only_partition, offset{from}, 4096).value();
    for (const auto& r : read) {
        if (r.offset != offset{from}) {
            throw std::logic_error("a gap");
        }
        into.push_back(r);
        ++from;
    }
    return from;
}

}  // namespace

TEST_CASE("appends of many threads stay whole and in each thread's order, read while they come") {
    embedded_fixture f;
    REQUIRE(f.log().ensure_topic("t", 1).has_value());
    std::atomic<int> answered = 0;
    std::vector<log_record> read;
    {
        std::vector<std::jthread> all;
        for (int t = 0; t < threads; ++t) {
            all.emplace_back([&, t] { append_from(f.log(), t, answered); });
        }
        std::int64_t next = 0;
        while (next < threads * appends * batch_size) {
            next = read_on(f.log(), next, read);
        }
    }
    f.pump_until([&] { return answered == threads * appends; });
    std::map<std::string, int> expected;
    for (std::size_t i = 0; i < read.size(); ++i) {
        REQUIRE(read[i].value == std::to_string(expected[read[i].key]++));
        REQUIRE(read[i].key == read[i - i % batch_size].key);
    }
    CHECK(read.size() == std::size_t{threads} * appends * batch_size);
}

TEST_CASE("a partition too long for memory reads the same from the disk and from its end") {
    embedded_fixture f;
    REQUIRE(f.log().ensure_topic("t", 1).has_value());
    constexpr std::int64_t records = 20'000;
    const std::string padding(500, '.');
    for (std::int64_t i = 0; i < records; i += 100) {
        std::vector<new_record> batch;
        for (std::int64_t k = i; k < i + 100; ++k) {
            batch.push_back(plain(std::to_string(k) + padding));
        }
        f.log().append(only_partition, std::move(batch), durability::ordered,
                       [](const result<offset>&) {});
    }
    REQUIRE(f.log().flush().has_value());
    for (const std::size_t step : {std::size_t{20'000}, std::size_t{1} << 20U}) {
        const auto values = read_values(f.log(), only_partition, 0, step);
        REQUIRE(values.size() == records);
        for (std::size_t i = 0; i < values.size(); ++i) {
            REQUIRE(values[i] == std::to_string(i) + padding);
        }
    }
    CHECK(read_values(f.log(), only_partition, records - 1).front() ==
          std::to_string(records - 1) + padding);
}

TEST_CASE("taking a watcher away waits until its running call is over") {
    embedded_fixture f;
    REQUIRE(f.log().ensure_topic("t", 1).has_value());
    std::latch inside(1);
    std::latch go_on(1);
    std::atomic<bool> over = false;
    f.log().watch(only_partition, "slow", [&](const partition_range&) {
        inside.count_down();
        go_on.wait();
        over = true;
    });
    inside.wait();
    bool over_when_gone = false;
    std::jthread remover([&] {
        f.log().watch(only_partition, "slow", {});
        over_when_gone = over;
    });
    go_on.count_down();
    remover.join();
    CHECK(over_when_gone);
}

TEST_CASE("a watcher may take itself away from within its call") {
    embedded_fixture f;
    REQUIRE(f.log().ensure_topic("t", 1).has_value());
    std::atomic<int> calls = 0;
    f.log().watch(only_partition, "once", [&](const partition_range&) {
        ++calls;
        f.log().watch(only_partition, "once", {});
    });
    f.pump_until([&] { return calls == 1; });
    REQUIRE(append(f, only_partition, plain_records({"x"})).has_value());
    REQUIRE(f.log().flush().has_value());
    CHECK(calls == 1);
}
