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
