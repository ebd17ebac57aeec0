// What the Kafka log promises when brokers answer as no real one can be told to: with any error, at
// any moment, or late. The promise that a test is about is its name.
#include "mock_cluster.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

using namespace kwq;
using namespace kwq::eventlog;
using namespace kwq::eventlog::contract;

namespace {

using codes = std::vector<rd_kafka_resp_err_t>;
using texts = std::vector<std::string>;

const auto& here = only_partition;
// More of one answer than any client asks for within a test.
constexpr std::size_t without_end = 10'000;
// Appends that have no answer by then have an unknown outcome; librdkafka looks once a second.
const mock_log::properties short_deadline{{"message.timeout.ms", "1500"}};

texts numbers(int count) {
    texts all;
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

/// Whether something became so within that time.
bool within(milliseconds patience, const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + patience;
    bool is = false;
    wait_until([&] { return (is = done()) || std::chrono::steady_clock::now() > end; });
    return is;
}

/// What was said to be there is there, where it was said; what was said not to be is not.
void check_answers(mock_log& it, const std::vector<answer>& answers) {
    const auto there = it.values();
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto said = answers[i].get();
        const auto value = std::to_string(i);
        if (said) {
            CHECK(there.at(static_cast<std::size_t>(said->value())) == value);
        } else if (said.error().code != errc::unknown) {
            CHECK(said.error().code == errc::overloaded);
            CHECK(std::count(there.begin(), there.end(), value) == 0);
        }
    }
}

}  // namespace

// ---- appends ------------------------------------------------------------------------------------

TEST_CASE("an append that a broker refuses in passing is done in the end, once") {
    const auto code = GENERATE(
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
        RD_KAFKA_RESP_ERR__TRANSPORT);  // the mock hangs up
    CAPTURE(rd_kafka_err2name(code));
    mock_log it;
    REQUIRE(it.put("before").value() == offset{0});
    it.cluster.answer_next(request::produce, codes(3, code));
    CHECK(it.put("refused").value() == offset{1});
    CHECK(it.put("after").value() == offset{2});
    CHECK(it.values() == texts{"before", "refused", "after"});
    CHECK(it.producers() == 1);
}

TEST_CASE("an append that brokers refuse for good did not happen, and others do") {
    const auto [code, said] =
        GENERATE(std::pair(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, errc::overloaded),
                 std::pair(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, errc::too_large));
    CAPTURE(rd_kafka_err2name(code));
    mock_log it;
    it.cluster.answer_next(request::produce, {code});
    const auto refused = it.put("refused");
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == said);
    CHECK_THAT(refused.error().detail, Catch::Contains(rd_kafka_err2str(code)));
    // librdkafka refuses by itself until it asks the cluster about the topic again.
    CHECK(within(milliseconds{15'000}, [&] { return it.put("after").has_value(); }));
    CHECK(it.values() == texts{"after"});
    CHECK(it.stops().empty());
}

TEST_CASE("an append that was never taken until its deadline did not happen") {
    mock_log it(short_deadline);
    REQUIRE(it.put("before").has_value());
    it.cluster.answer_next(request::produce,
                           codes(without_end, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS));
    const auto refused = it.put("refused");
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == errc::overloaded);
    it.cluster.answer_normally(request::produce);
    CHECK(it.put("after").value() == offset{1});
    CHECK(it.values() == texts{"before", "after"});
}

TEST_CASE("an append whose broker could not say what became of it is unknown") {
    const auto code = GENERATE(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                               RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND);
    CAPTURE(rd_kafka_err2name(code));
    mock_log it(short_deadline);
    REQUIRE(it.put("before").has_value());
    it.cluster.answer_next(request::produce, codes(without_end, code));
    const auto lost = it.put("lost");
    REQUIRE(lost.has_error());
    CHECK(lost.error().code == errc::unknown);
    it.cluster.answer_normally(request::produce);
    CHECK(it.put("after").has_value());
    CHECK(it.values() == texts{"before", "after"});
    CHECK(it.stops().empty());
}

TEST_CASE("an append whose acknowledgement comes after its deadline is unknown, and there once") {
    mock_log it(short_deadline);
    REQUIRE(it.put("before").has_value());
    it.cluster.answer_late(1, request::produce, milliseconds{4'000});
    const auto lost = it.put("late");
    REQUIRE(lost.has_error());
    CHECK(lost.error().code == errc::unknown);
    CHECK(it.put("after").value() == offset{2});
    CHECK(it.values() == texts{"before", "late", "after"});
    CHECK(it.stops().empty());
}

TEST_CASE("a slow broker makes appends slow, not unknown, and they wait for it together") {
    mock_log it;
    REQUIRE(it.put("0").has_value());
    it.cluster.slow(1, milliseconds{1'500});
    const auto begin = std::chrono::steady_clock::now();
    std::vector<answer> answers;
    for (const auto& n : numbers(51)) {
        if (n != "0") {
            answers.push_back(it.send(n));
        }
    }
    wait(answers);
    const auto took = std::chrono::steady_clock::now() - begin;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        CHECK(answers[i].get().value() == offset{static_cast<std::int64_t>(i) + 1});
    }
    CHECK(took > milliseconds{1'500});
    CHECK(took < milliseconds{20'000});  // one after the other: 75 s
    CHECK(it.values() == numbers(51));
}

// ---- brokers and leaders ------------------------------------------------------------------------

TEST_CASE("appends keep their order and are there once while their leader moves") {
    mock_log it;
    std::vector<answer> answers;
    for (const auto& n : numbers(600)) {
        answers.push_back(it.send(n));
        if (answers.size() % 100 == 0) {
            it.cluster.lead(here, 1 + static_cast<int>(answers.size() / 100) % mock_cluster::size);
        }
        if (answers.size() % 20 == 0) {
            wait_until([&] { return answers[answers.size() - 20].has(); });
        }
    }
    wait(answers);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        REQUIRE(answers[i].get().value() == offset{static_cast<std::int64_t>(i)});
    }
    CHECK(it.values() == numbers(600));
    CHECK(it.producers() == 1);
}

TEST_CASE("a leader that goes away under appends and comes back costs none that was answered") {
    mock_log it;
    std::vector<answer> answers;
    const auto send = [&](int count) {
        for (int i = 0; i < count; ++i) {
            answers.push_back(it.send(std::to_string(answers.size())));
        }
    };
    for (int round = 0; round < 3; ++round) {
        send(200);
        it.cluster.down(1);
        send(200);
        CHECK_FALSE(within(milliseconds{500}, [&] { return answers.back().has(); }));
        it.cluster.up(1);
        wait(answers);
    }
    check_answers(it, answers);
    CHECK(std::all_of(answers.begin(), answers.end(),
                      [](const answer& a) { return a.get().has_value(); }));
    CHECK(it.put("after").has_value());
    CHECK(it.stops().empty());
}

TEST_CASE("appends go on with the next leader when theirs is gone") {
    mock_log it;
    REQUIRE(it.put("before").has_value());
    it.cluster.down(1);
    std::vector<answer> answers;
    for (const auto& n : numbers(20)) {
        answers.push_back(it.send(n));
    }
    CHECK_FALSE(within(milliseconds{300}, [&] { return answers.front().has(); }));
    it.cluster.lead(here, 2);
    CHECK(within(milliseconds{15'000}, [&] { return answers.back().has(); }));
    wait(answers);
    check_answers(it, answers);
    CHECK(answers.back().get().has_value());
}

TEST_CASE("without any broker appends are refused after their deadline, and go on after it") {
    mock_log it(short_deadline);
    REQUIRE(it.put("before").has_value());
    for (int b = 1; b <= mock_cluster::size; ++b) {
        it.cluster.down(b);
    }
    const auto refused = it.put("nowhere");
    REQUIRE(refused.has_error());
    CHECK((refused.error().code == errc::overloaded || refused.error().code == errc::unknown));
    for (int b = 1; b <= mock_cluster::size; ++b) {
        it.cluster.up(b);
    }
    std::optional<result<offset>> after;
    CHECK(within(milliseconds{20'000}, [&] {
        after = it.put("after");
        return after->has_value();
    }));
    const auto there = it.values();
    CHECK(there.back() == "after");
    CHECK(std::count(there.begin(), there.end(), "nowhere") <= 1);
    CHECK(it.stops().empty());
}

// ---- the producer's end -------------------------------------------------------------------------

TEST_CASE("a producer that a broker calls out of order is replaced, and its append is unknown") {
    mock_log it;
    REQUIRE(it.put("before").has_value());
    it.cluster.answer_next(request::produce, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
    const auto lost = it.put("lost");
    REQUIRE(lost.has_error());
    CHECK(lost.error().code == errc::unknown);
    wait_until([&] { return it.producers() == 2; });
    // Made, and in its place a moment later; what is refused until then does not happen.
    std::optional<result<offset>> after;
    CHECK(within(milliseconds{10'000}, [&] {
        after = it.put("after");
        return after->has_value();
    }));
    CHECK(after->value() == offset{1});
    CHECK(it.values() == texts{"before", "after"});
    CHECK(it.stops().empty());
}

TEST_CASE("a producer whose epoch is over goes on under the next, and says what it knows") {
    const auto code =
        GENERATE(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID);
    CAPTURE(rd_kafka_err2name(code));
    mock_log it;
    REQUIRE(it.put("before").has_value());
    it.cluster.answer_next(request::produce, {code});
    const auto said = it.put("struck");
    CHECK(within(milliseconds{10'000}, [&] { return it.put("after").has_value(); }));
    const auto there = it.values();
    if (said) {
        CHECK(there.at(static_cast<std::size_t>(said->value())) == "struck");
    } else {
        CHECK((said.error().code == errc::unknown || said.error().code == errc::overloaded));
    }
    // The broker refused it once: it is there once if it was said to be, else not at all.
    CHECK(std::count(there.begin(), there.end(), "struck") == (said ? 1 : 0));
    CHECK(there.back() == "after");
    CHECK(it.stops().empty());
    CHECK(it.producers() <= 2);
}

TEST_CASE("a producer that fails as soon as it is made stops the log by a sentence, once") {
    mock_log it;
    REQUIRE(it.put("before").has_value());
    it.cluster.answer_next(request::produce,
                           codes(without_end, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER));
    std::vector<answer> answers;
    wait_until([&] {
        answers.push_back(it.send(std::to_string(answers.size())));
        wait(answers);
        return !it.stops().empty();
    });
    for (const auto& a : answers) {
        REQUIRE(a.get().has_error());
    }
    CHECK(it.producers() == 2);
    CHECK(it.put("after").error().code == errc::stopped);
    REQUIRE(it.stops().size() == 1);
    CHECK_THAT(it.stops().front(), Catch::Contains("the Kafka producer cannot go on"));
    CHECK(it.values() == texts{"before"});
}

TEST_CASE("a producer that is not given a number yet asks again, and its appends wait") {
    const auto code = GENERATE(RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                               RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP);
    CAPTURE(rd_kafka_err2name(code));
    mock_cluster cluster;
    cluster.make_topic(here.topic, 1);
    cluster.answer_next(request::init_producer_id, codes(3, code));
    const auto log = open_kafka_log(mock_config(cluster));
    answer a;
    log->append(here, plain_records({"x"}), durability::synced, a.callback());
    wait_until([&] { return a.has(); });
    CHECK(a.get().value() == offset{0});
}

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

TEST_CASE("a place that is gone stops the log by a sentence, and what waits for it is unknown") {
    mock_log it;
    REQUIRE(it.put("before").has_value());
    it.cluster.answer_late(1, request::produce, milliseconds{2'000});
    const auto on_its_way = it.send("on its way");
    it.cluster.answer_next(request::fetch, codes(5, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE));
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
