// What the Kafka log reads, and how it opens, when brokers answer as no real one can be told to.
#include "mock_cluster.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace kwq;
using namespace kwq::eventlog;
using namespace kwq::eventlog::contract;

namespace {

using codes = std::vector<rd_kafka_resp_err_t>;
using texts = std::vector<std::string>;

const auto& here = only_partition;

}  // namespace

// ---- reading ------------------------------------------------------------------------------------

TEST_CASE("what a broker answers to a fetch in passing keeps no record from being read") {
    const auto code =
        GENERATE(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
                 RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
                 RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
                 RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_INVALID_MSG,
                 RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_UNKNOWN,
                 RD_KAFKA_RESP_ERR__TRANSPORT);
    CAPTURE(rd_kafka_err2name(code));
    mock_log it;
    REQUIRE(it.put("0").has_value());
    for (int i = 1; i < 4; ++i) {
        it.cluster.answer_next(request::fetch, codes(3, code));
        CHECK(it.put(std::to_string(i)).value() == offset{i});
    }
    CHECK(it.values() == numbers(4));
    CHECK(it.stops().empty());
}

TEST_CASE("a leader that denies for a moment what was read is asked again, and nothing stops") {
    mock_log it({}, milliseconds{500});
    REQUIRE(it.put("0").has_value());
    it.cluster.answer_next(request::fetch, codes(3, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE));
    // A fetch is under way as the answers are set, so the denial may come after the first of them.
    for (int i = 1; i < 4; ++i) {
        CHECK(it.put(std::to_string(i)).value() == offset{i});
    }
    CHECK(it.values() == numbers(4));
    CHECK(it.stops().empty());
}

TEST_CASE("a place that is gone stops the log by a sentence, and what waits for it is unknown") {
    mock_log it({}, milliseconds{500});
    REQUIRE(it.put("before").has_value());
    it.cluster.answer_late(1, request::produce, milliseconds{2'000});
    const auto on_its_way = it.send("on its way");
    it.cluster.answer_next(request::fetch, codes(100, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE));
    wait_until([&] { return !it.stops().empty(); });
    wait_until([&] { return on_its_way.has(); });
    CHECK(on_its_way.get().error().code == errc::unknown);
    CHECK(it.put("after").error().code == errc::stopped);
    CHECK(it.log().flush().error().code == errc::stopped);
    REQUIRE(it.stops().size() == 1);
    CHECK_THAT(it.stops().front(), Catch::Contains("the log cannot be read on: t partition 0"));
}

TEST_CASE("a batch whose bytes are not what was written is never passed by") {
    mock_log it;
    REQUIRE(it.put("before").has_value());
    it.cluster.append_damaged(here, 1);
    const auto behind = it.send("behind");
    wait_until([&] { return !it.stops().empty(); });
    CHECK_THAT(it.stops().front(), Catch::Contains("t partition 0"));
    wait_until([&] { return behind.has(); });
    CHECK(behind.get().error().code == errc::unknown);
    CHECK(it.log().range(here).value().end == offset{1});
}

TEST_CASE("a damaged batch that was there before is found by who reads the log from its start") {
    mock_cluster cluster;
    cluster.make_topic(here.topic, 1);
    const auto put = [&](const char* value) {
        const auto log = open_kafka_log(mock_config(cluster));
        answer a;
        log->append(here, plain_records({value}), durability::synced, a.callback());
        wait_until([&] { return a.has(); });
        REQUIRE(a.get().has_value());
    };
    put("before");
    cluster.append_damaged(here, 1);
    put("behind");
    const auto log = open_kafka_log(mock_config(cluster));
    REQUIRE(log->range(here).value().end == offset{3});
    const auto limit = GENERATE(std::size_t{1}, std::size_t{1} << 20U);
    const auto first = log->read(here, offset{0}, limit);
    REQUIRE(first.has_value());
    REQUIRE(first->size() == 1);
    CHECK(first->front().value == "before");
    const auto second = log->read(here, offset{1}, limit);
    REQUIRE(second.has_error());
    CHECK(second.error().code == errc::corrupt);
    CHECK_THAT(second.error().detail, Catch::Contains("t") && Catch::Contains("offset 1"));
    CHECK(log->read(here, offset{2}, limit).value().front().value == "behind");
}

TEST_CASE("a read of old records that fails again and again ends") {
    mock_log writer;
    REQUIRE(writer.put("old").has_value());
    auto config = mock_config(writer.cluster);
    config.stall_patience = milliseconds{500};
    const auto log = open_kafka_log(config);
    REQUIRE(log->range(here).value().end == offset{1});
    // So many that a read that waited for their end would find the record, too late.
    writer.cluster.answer_next(request::fetch, codes(2'000, RD_KAFKA_RESP_ERR_INVALID_MSG));
    const auto begin = std::chrono::steady_clock::now();
    const auto read = log->read(here, offset{0}, 1'000);
    CHECK(std::chrono::steady_clock::now() - begin < milliseconds{6'000});
    REQUIRE(read.has_error());
    CHECK_THAT(read.error().detail, Catch::Contains("t cannot be read at offset 0"));
    writer.cluster.answer_normally(request::fetch);
    CHECK(log->read(here, offset{0}, 1'000).value().front().value == "old");
}

TEST_CASE("records that have left the cluster are said to be trimmed, not read as none") {
    mock_log it;
    // The mock keeps 5 MB of a partition, this log 4 MB: six of one.
    const std::string big(1U << 20U, 'x');
    for (int i = 0; i < 6; ++i) {
        REQUIRE(it.put(big).has_value());
    }
    REQUIRE(it.log().range(here).value().first == offset{0});
    const auto gone = it.log().read(here, offset{0}, 100);
    REQUIRE(gone.has_error());
    CHECK(gone.error().code == errc::trimmed);
    CHECK(it.log().range(here).value().first > offset{0});
    CHECK(it.stops().empty());
}

// ---- opening ------------------------------------------------------------------------------------

TEST_CASE("a leader that is not ready to tell its ends is asked again") {
    const auto code =
        GENERATE(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                 RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    CAPTURE(rd_kafka_err2name(code));
    mock_cluster cluster;
    cluster.make_topic(here.topic, 1);
    cluster.answer_next(request::list_offsets, codes(7, code));
    const auto log = open_kafka_log(mock_config(cluster));
    CHECK(log->range(here).value().end == offset{0});
}

TEST_CASE("whichever question for the ends fails, the ends are the true ones") {
    constexpr unsigned questions = 6;
    constexpr unsigned patterns = 1U << questions;
    mock_cluster cluster;
    const auto place = [](unsigned pattern) {
        return topic_partition{"t" + std::to_string(pattern), 0};
    };
    {
        const auto writer = open_kafka_log(mock_config(cluster));
        std::vector<answer> answers(patterns);
        for (unsigned p = 0; p < patterns; ++p) {
            cluster.make_topic(place(p).topic, 1);
            writer->append(place(p), plain_records({"a", "b"}), durability::synced,
                           answers[p].callback());
        }
        wait(answers);
    }
    const auto log = open_kafka_log(mock_config(cluster));
    for (unsigned p = 0; p < patterns; ++p) {
        CAPTURE(p);
        codes fails(questions);
        for (unsigned q = 0; q < questions; ++q) {
            fails[q] = (p >> q & 1U) != 0 ? RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION
                                          : RD_KAFKA_RESP_ERR_NO_ERROR;
        }
        cluster.answer_normally(request::list_offsets);
        cluster.answer_next(request::list_offsets, fails);
        const auto range = log->range(place(p)).value();
        CHECK(range.first == offset{0});
        CHECK(range.end == offset{2});
    }
}

TEST_CASE("a cluster without a broker that answers is waited for and then named") {
    mock_cluster cluster;
    for (int b = 1; b <= mock_cluster::size; ++b) {
        cluster.down(b);
    }
    auto config = mock_config(cluster);
    config.start_patience = milliseconds{700};
    try {
        open_kafka_log(config);
        FAIL("opened");
    } catch (const log_failure& e) {
        CHECK(e.error().code == errc::cannot_open);
        CHECK_THAT(e.what(), Catch::Contains("no broker of " + cluster.brokers()));
    }
    for (int b = 1; b <= mock_cluster::size; ++b) {
        cluster.up(b);
    }
    CHECK_NOTHROW(open_kafka_log(mock_config(cluster)));
}
