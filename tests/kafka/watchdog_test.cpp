// What the Kafka log does about stalls that librdkafka does not report: the judgement alone, and on
// a real broker with a consumer that was made to stall.
#include "eventlog/kafka/watchdog.hpp"
#include "eventlog/kafka/partition_view.hpp"
#include "kafka_fixture.hpp"
#include "observe/metrics.hpp"

#include <librdkafka/rdkafka.h>
#include <catch2/catch.hpp>

#include <atomic>

using namespace kwq;
using namespace kwq::eventlog;
using namespace kwq::eventlog::contract;
using kafka::watchdog;
using kafka::watchdog_advice;

namespace {

struct one_partition {
    kafka::timed read_back;
    kafka::partition_view view{{"t", 0}, {}, read_back};
    watchdog dog;

    /// The same thing seen so many times; the last advice.
    watchdog_advice see(int times, kafka::partition_look look) {
        look.of = &view;
        watchdog_advice advice;
        for (int i = 0; i < times; ++i) {
            advice = dog.look({look});
        }
        return advice;
    }
};

const offset at{10};

}  // namespace

TEST_CASE("a partition that is read on, or has nothing to read, is left alone") {
    one_partition p;
    CHECK_FALSE(p.see(100, {.read_to = at, .cluster_end = at}).follow_anew);
    for (int i = 0; i < 100; ++i) {
        const auto advice = p.see(1, {.read_to = offset{10 + i}, .cluster_end = offset{1'000}});
        CHECK_FALSE(advice.follow_anew);
    }
}

TEST_CASE("records that do not come are read anew, and less and less often while that is no help") {
    one_partition p;
    const kafka::partition_look behind{.read_to = at, .cluster_end = offset{11}};
    CHECK_FALSE(p.see(watchdog::until_follow_anew - 1, behind).follow_anew);
    CHECK(p.see(1, behind).follow_anew);
    CHECK_FALSE(p.see(2 * watchdog::until_follow_anew - 1, behind).follow_anew);
    CHECK(p.see(1, behind).follow_anew);
    CHECK_FALSE(p.see(1, {.read_to = offset{11}, .cluster_end = offset{11}}).follow_anew);
    const kafka::partition_look again{.read_to = offset{11}, .cluster_end = offset{12}};
    CHECK(p.see(watchdog::until_follow_anew, again).follow_anew);
}

TEST_CASE("a cluster that does not answer is no reason to read anew") {
    one_partition p;
    CHECK_FALSE(p.see(100, {.read_to = at, .cluster_end = {}}).follow_anew);
}

TEST_CASE("appends that get no answer are given up, then the producer is") {
    one_partition p;
    const kafka::partition_look waits{
        .read_to = at, .cluster_end = at, .answered = 7, .waits = true};
    CHECK(p.see(watchdog::until_unread, waits).unread.empty());
    CHECK(p.see(1, waits).unread.size() == 1);
    CHECK(p.see(1, waits).unread.empty());
    CHECK_FALSE(
        p.see(watchdog::until_renew_producer - watchdog::until_unread - 2, waits).renew_producer);
    CHECK(p.see(1, waits).renew_producer);
    auto flows = waits;
    for (int i = 0; i < 100; ++i) {
        ++flows.answered;
        const auto advice = p.see(1, flows);
        CHECK((advice.unread.empty() && !advice.renew_producer));
    }
}

TEST_CASE("a cluster that has less than was read, for long, has lost records") {
    one_partition p;
    const kafka::partition_look less{.read_to = at, .cluster_end = offset{9}};
    CHECK(p.see(watchdog::until_lost - 1, less).lost.empty());
    CHECK_THAT(p.see(1, less).lost, Catch::Contains("t partition 0 ends at 9"));
}

TEST_CASE("an end that brokers deny is looked for again, and is gone when they go on denying it") {
    one_partition p;
    const kafka::partition_look denied{.read_to = at, .cluster_end = at, .end_denied = true};
    const kafka::partition_look calm{.read_to = at, .cluster_end = at};
    CHECK(p.see(1, denied).follow_anew);
    CHECK_FALSE(p.see(1, calm).follow_anew);
    CHECK(p.see(watchdog::until_gone - 2, denied).lost.empty());
    CHECK_THAT(p.see(1, denied).lost, Catch::Contains("t partition 0 has nothing at offset 10"));
    p.see(watchdog::until_follow_anew, calm);
    CHECK(p.see(watchdog::until_gone - 1, denied).lost.empty());
    const kafka::partition_look on{
        .read_to = offset{11}, .cluster_end = offset{11}, .end_denied = true};
    CHECK(p.see(1, on).lost.empty());
}

namespace {

/// A log whose consumer can be stalled: it fetches no more, and says nothing.
struct stalling_log {
    explicit stalling_log(const std::string& prefix) : topic(prefix + "t") {
        auto config = test_config();
        config.stall_patience = milliseconds{1'000};
        config.on_tail = [this](rd_kafka_s* client) {
            if (no_more) {
                throw log_failure({errc::cannot_open, "no more consumers in this test"});
            }
            tail = client;
            ++tails;
        };
        log = open_kafka_log(config);
        REQUIRE(log->ensure_topic(topic, 1).has_value());
    }

    void stall() const {
        auto* const list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, topic.c_str(), 0);
        rd_kafka_pause_partitions(tail, list);
        const auto code = list->elems[0].err;
        rd_kafka_topic_partition_list_destroy(list);
        REQUIRE(code == RD_KAFKA_RESP_ERR_NO_ERROR);
    }

    void append(answer& a, const char* value) const {
        log->append({topic, 0}, plain_records({value}), durability::synced, a.callback());
    }

    std::string metrics() const {
        observe::metrics_page page;
        add_kafka_metrics(*log, 0, page);
        return page.text();
    }

    const std::string topic;
    std::atomic<rd_kafka_s*> tail = nullptr;
    std::atomic<int> tails = 0;
    std::atomic<bool> no_more = false;
    std::unique_ptr<event_log> log;
};

}  // namespace

TEST_CASE("an append that is acknowledged and does not come back is read with a new consumer") {
    const stalling_log it(fresh_name("stall-"));
    answer before;
    it.append(before, "before");
    wait_until([&] { return before.has(); });
    it.stall();
    answer a;
    it.append(a, "stalled");
    wait_until([&] { return a.has(); });
    CHECK(a.get().value() == offset{1});
    CHECK(it.tails == 2);
    CHECK_THAT(it.metrics(), Catch::Contains("made_anew_total{client=\"consumer\"} 1"));
    answer after;
    it.append(after, "after");
    wait_until([&] { return after.has(); });
    CHECK(read_values(*it.log, {it.topic, 0}) ==
          std::vector<std::string>{"before", "stalled", "after"});
}

TEST_CASE("records of others that do not come are noticed, too") {
    const auto prefix = fresh_name("stall-");
    const stalling_log it(prefix);
    const auto other = open_kafka_log(test_config());
    it.stall();
    answer a;
    other->append({it.topic, 0}, plain_records({"theirs"}), durability::synced, a.callback());
    wait_until([&] { return it.log->range({it.topic, 0}).value().end == offset{1}; });
    CHECK(it.tails == 2);
}

TEST_CASE("appends that never come back, and cannot be read anew either, are unknown") {
    stalling_log it(fresh_name("stall-"));
    it.stall();
    it.no_more = true;
    answer a;
    it.append(a, "never seen");
    wait_until([&] { return a.has(); });
    REQUIRE(a.get().has_error());
    CHECK(a.get().error().code == errc::unknown);
    CHECK_THAT(it.metrics(), Catch::Contains("kwq_log_appends_unread_total 1"));
}
