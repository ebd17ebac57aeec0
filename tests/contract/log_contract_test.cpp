// What every event log promises to one who appends, reads and watches. A behaviour that is not in
// this folder is not promised. Each test runs against each implementation through its fixture.
#include "log_fixtures.hpp"
#if defined(KWQ_CONTRACT_KAFKA)
#include "kafka_fixture.hpp"
#elif defined(KWQ_CONTRACT_MOCK)
#include "mock_cluster.hpp"
#endif

#include <catch2/catch.hpp>

#include <atomic>
#include <mutex>

using namespace kwq;
using namespace kwq::eventlog;
using namespace kwq::eventlog::contract;

namespace {

using texts = std::vector<std::string>;

const topic_partition here{"kwq-status", 0};
const topic_partition there{"kwq-status", 1};

template <class Fixture>
struct with_topic : Fixture {
    with_topic() { REQUIRE(this->log().ensure_topic("kwq-status", 2).has_value()); }

    template <class Condition>
    void until(Condition c) {
        this->pump_until([&] { return c(this->log().range(here).value()); });
    }
};

}  // namespace

// Programs of their own: one needs a broker, the other has one that takes neither CreateTopics nor
// DeleteRecords, and so not the tests of what these do.
#if defined(KWQ_CONTRACT_KAFKA)
#define EACH_LOG kafka_fixture
#elif defined(KWQ_CONTRACT_MOCK)
#define EACH_LOG mock_fixture, troubled_fixture
#else
#define EACH_LOG embedded_fixture, simulated_fixture
#endif

TEMPLATE_TEST_CASE("an append gets consecutive offsets from 0 and is read back in order", "",
                   EACH_LOG) {
    with_topic<TestType> f;
    CHECK(append(f, here, plain_records({"a", "b"})).value() == offset{0});
    CHECK(append(f, here, plain_records({"c"}), durability::ordered).value() == offset{2});
    CHECK(append(f, there, plain_records({"other"})).value() == offset{0});
    CHECK(read_values(f.log(), here) == texts{"a", "b", "c"});
    CHECK(read_values(f.log(), there) == texts{"other"});
    CHECK(read_values(f.log(), here, 1) == texts{"b", "c"});
}

TEMPLATE_TEST_CASE("a new partition is empty and has its ends at 0", "", EACH_LOG) {
    with_topic<TestType> f;
    const auto r = f.log().range(here).value();
    CHECK(r.first == offset{0});
    CHECK(r.end == offset{0});
    CHECK(r.durable == offset{0});
    CHECK(f.log().read(here, offset{0}, 1000).value().empty());
    CHECK(f.log().read(here, offset{5}, 1000).value().empty());
}

TEMPLATE_TEST_CASE("appends made one after the other keep their order and stay whole", "",
                   EACH_LOG) {
    with_topic<TestType> f;
    texts expected;
    std::vector<answer> answers(200);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const texts batch(1 + i % 4, "append " + std::to_string(i));
        expected.insert(expected.end(), batch.begin(), batch.end());
        f.log().append(here, plain_records(batch),
                       i % 3 == 0 ? durability::synced : durability::ordered,
                       answers[i].callback());
    }
    std::int64_t next = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        f.pump_until([&] { return answers[i].has(); });
        CHECK(answers[i].get().value() == offset{next});
        next += static_cast<std::int64_t>(1 + i % 4);
    }
    CHECK(read_values(f.log(), here) == expected);
}

TEMPLATE_TEST_CASE("keys, headers and any bytes come back as they were given", "", EACH_LOG) {
    with_topic<TestType> f;
    std::string every_byte;
    for (int i = 0; i < 256; ++i) {
        every_byte.push_back(static_cast<char>(i));
    }
    const std::vector<new_record> given{
        {.key = "", .value = "", .headers = {}},
        {.key = every_byte, .value = every_byte + every_byte, .headers = {{"", ""}}},
        {.key = "k", .value = "v", .headers = {{"reason", every_byte}, {"reason", "again"}}}};
    REQUIRE(append(f, here, given).has_value());
    const auto check = [&] {
        std::vector<log_record> back;
        while (back.size() < given.size()) {  // a read may give fewer
            const offset next{static_cast<std::int64_t>(back.size())};
            const auto more = f.log().read(here, next, 1U << 20U).value();
            REQUIRE_FALSE(more.empty());
            back.insert(back.end(), more.begin(), more.end());
        }
        REQUIRE(back.size() == given.size());
        for (std::size_t i = 0; i < given.size(); ++i) {
            CHECK(back[i].key == given[i].key);
            CHECK(back[i].value == given[i].value);
            CHECK(back[i].headers == given[i].headers);
            CHECK(back[i].timestamp.value() > 1'600'000'000'000);
        }
    };
    check();
    f.reopen();
    check();
}

TEMPLATE_TEST_CASE("a synced append is durable when it is answered", "", EACH_LOG) {
    with_topic<TestType> f;
    for (int i = 1; i <= 20; ++i) {
        const auto at = append(f, here, plain_records({"x"}), durability::synced).value();
        CHECK(f.log().range(here).value().durable > at);
    }
}

TEMPLATE_TEST_CASE("an ordered append is visible when answered and durable soon, without another",
                   "", EACH_LOG) {
    with_topic<TestType> f;
    const auto at = append(f, here, plain_records({"x"}), durability::ordered).value();
    const auto r = f.log().range(here).value();
    CHECK(r.end > at);
    CHECK(r.durable <= r.end);
    CHECK(read_values(f.log(), here) == texts{"x"});
    f.until([&](const partition_range& now) { return now.durable == now.end; });
}

TEMPLATE_TEST_CASE("a synced append makes earlier ordered ones durable with it", "", EACH_LOG) {
    with_topic<TestType> f;
    REQUIRE(append(f, there, plain_records({"before"}), durability::ordered).has_value());
    REQUIRE(append(f, here, plain_records({"after"}), durability::synced).has_value());
    CHECK(f.log().range(there).value().durable == offset{1});
}

TEMPLATE_TEST_CASE("a read gives at most the bytes asked for but one record at least", "",
                   EACH_LOG) {
    with_topic<TestType> f;
    const std::string hundred(100, 'x');
    REQUIRE(append(f, here, plain_records(texts(10, hundred))).has_value());
    for (int reopened = 0; reopened < 2; ++reopened) {
        CHECK(f.log().read(here, offset{0}, 1).value().size() == 1);
        CHECK(f.log().read(here, offset{0}, 100).value().size() == 1);
        CHECK(f.log().read(here, offset{3}, 299).value().size() == 2);
        CHECK(f.log().read(here, offset{3}, 300).value().size() == 3);
        CHECK(f.log().read(here, offset{8}, 1000).value().size() == 2);
        CHECK(f.log().read(here, offset{10}, 1000).value().empty());
        f.reopen();
    }
}

#ifndef KWQ_CONTRACT_MOCK
TEMPLATE_TEST_CASE("a topic has the number of partitions it was made with, also later", "",
                   EACH_LOG) {
    with_topic<TestType> f;
    for (int reopened = 0; reopened < 2; ++reopened) {
        CHECK(f.log().ensure_topic("kwq-status", 2).has_value());
        CHECK(f.log().ensure_topic("kwq-status", 3).error().code == errc::topic_mismatch);
        CHECK(f.log().ensure_topic("kwq-control", 1).has_value());
        f.reopen();
    }
}
#endif

TEMPLATE_TEST_CASE("a topic or partition that does not exist is an error of its own", "",
                   EACH_LOG) {
    with_topic<TestType> f;
    for (const auto& nowhere : {topic_partition{"other", 0}, topic_partition{"kwq-status", 2},
                                topic_partition{"kwq-status", -1}}) {
        CHECK(append(f, nowhere, plain_records({"x"})).error().code == errc::topic_unknown);
        CHECK(f.log().read(nowhere, offset{0}, 1).error().code == errc::topic_unknown);
        CHECK(f.log().range(nowhere).error().code == errc::topic_unknown);
        CHECK(f.log().trim(nowhere, offset{1}).error().code == errc::topic_unknown);
    }
}

TEMPLATE_TEST_CASE("a record above the limit is refused with all of its batch", "", EACH_LOG) {
    with_topic<TestType> f;
    auto batch = plain_records({"small", std::string(max_record_bytes, 'x')});
    CHECK(append(f, here, batch).value() == offset{0});
    batch.back().key = "one byte more";
    CHECK(append(f, here, batch).error().code == errc::too_large);
    CHECK(f.log().range(here).value().end == offset{2});
}

TEMPLATE_TEST_CASE("more than may wait to be written is refused at once and nothing of it happens",
                   "", EACH_LOG) {
    with_topic<TestType> f;
    const std::string big(max_record_bytes / 2, 'x');
    // More at once than fits, so that it does not matter how fast the disk is.
    const auto over = plain_records(texts(max_unwritten_bytes / big.size() + 1, big));
    CHECK(append(f, here, over).error().code == errc::overloaded);
    CHECK(append(f, here, plain_records({"small"})).value() == offset{0});
}

#ifndef KWQ_CONTRACT_MOCK
TEMPLATE_TEST_CASE("trimmed records are gone, the others keep their offsets, also later", "",
                   EACH_LOG) {
    with_topic<TestType> f;
    REQUIRE(append(f, here, plain_records({"a", "b", "c", "d"})).has_value());
    REQUIRE(append(f, there, plain_records({"x", "y"})).has_value());
    REQUIRE(f.log().trim(here, offset{3}).has_value());
    REQUIRE(f.log().trim(here, offset{1}).has_value());  // backwards: nothing to do
    for (int reopened = 0; reopened < 2; ++reopened) {
        CHECK(f.log().range(here).value().first == offset{3});
        CHECK(f.log().read(here, offset{2}, 100).error().code == errc::trimmed);
        CHECK(read_values(f.log(), here, 3) == texts{"d"});
        CHECK(read_values(f.log(), there) == texts{"x", "y"});
        f.reopen();
    }
}

TEMPLATE_TEST_CASE("a partition trimmed to its end goes on from there", "", EACH_LOG) {
    with_topic<TestType> f;
    REQUIRE(append(f, here, plain_records({"a", "b"})).has_value());
    REQUIRE(f.log().trim(here, offset{99}).has_value());
    f.reopen();
    CHECK(f.log().range(here).value().first == offset{2});
    CHECK(f.log().range(here).value().end == offset{2});
    CHECK(append(f, here, plain_records({"c"})).value() == offset{2});
    CHECK(read_values(f.log(), here, 2) == texts{"c"});
}
#endif

TEMPLATE_TEST_CASE("flush returns when everything appended is durable", "", EACH_LOG) {
    with_topic<TestType> f;
    answer last;
    f.log().append(here, plain_records({"a"}), durability::ordered, [](const result<offset>&) {});
    f.log().append(there, plain_records({"b"}), durability::ordered, last.callback());
    REQUIRE(f.log().flush().has_value());
    CHECK(f.log().range(here).value().durable == offset{1});
    CHECK(f.log().range(there).value().durable == offset{1});
    f.pump_until([&] { return last.has(); });
}

TEMPLATE_TEST_CASE("a clean stop and a start keep everything", "", EACH_LOG) {
    with_topic<TestType> f;
    REQUIRE(append(f, here, plain_records({"a"}), durability::synced).has_value());
    REQUIRE(append(f, here, plain_records({"b"}), durability::ordered).has_value());
    f.reopen();
    const auto r = f.log().range(here).value();
    CHECK(r.end == offset{2});
    CHECK(r.durable == offset{2});
    CHECK(read_values(f.log(), here) == texts{"a", "b"});
    CHECK(append(f, here, plain_records({"c"})).value() == offset{2});
}

// ---- watching -----------------------------------------------------------------------------------

TEMPLATE_TEST_CASE("a watcher is called once at the start and after the ends moved", "", EACH_LOG) {
    with_topic<TestType> f;
    std::mutex mutex;
    std::vector<partition_range> heard;
    f.log().watch(here, "test", [&](const partition_range& r) {
        const std::lock_guard lock(mutex);
        heard.push_back(r);
    });
    const auto last = [&] {
        const std::lock_guard lock(mutex);
        return heard.empty() ? std::nullopt : std::optional(heard.back());
    };
    f.pump_until([&] { return last().has_value(); });
    CHECK(last()->end == offset{0});
    for (int i = 0; i < 50; ++i) {
        f.log().append(here, plain_records({"x"}), durability::ordered,
                       [](const result<offset>&) {});
    }
    f.pump_until([&] { return last()->end == offset{50} && last()->durable == offset{50}; });
    f.log().watch(here, "test", {});
    // Coalesced: never more than one call for each move of the visible and of the durable end.
    CHECK(heard.size() <= 101);
    for (std::size_t i = 1; i < heard.size(); ++i) {
        CHECK(heard[i - 1].end <= heard[i].end);
        CHECK(heard[i - 1].durable <= heard[i].durable);
    }
}

TEMPLATE_TEST_CASE("a watcher hears of a record before its append is answered", "", EACH_LOG) {
    with_topic<TestType> f;
    std::atomic<std::int64_t> heard = -1;
    f.log().watch(here, "test", [&](const partition_range& r) { heard = r.end.value(); });
    f.pump_until([&] { return heard == 0; });
    std::atomic<int> answered = 0;
    std::atomic<int> too_soon = 0;
    for (int i = 0; i < 100; ++i) {
        const auto how = i % 2 == 0 ? durability::synced : durability::ordered;
        f.log().append(here, plain_records({"x", "y"}), how, [&](const result<offset>& first) {
            too_soon += !first || heard.load() < first->value() + 2 ? 1 : 0;
            ++answered;
        });
        if (i % 10 == 0) {
            f.pump_until([&] { return answered == i + 1; });
        }
    }
    f.pump_until([&] { return answered == 100; });
    CHECK(too_soon == 0);
    f.log().watch(here, "test", {});
}

TEMPLATE_TEST_CASE("a watcher hears of its own partition only, and of nothing once taken away", "",
                   EACH_LOG) {
    with_topic<TestType> f;
    std::atomic<int> calls = 0;
    std::atomic<int> others = 0;
    f.log().watch(here, "test", [&](const partition_range&) { ++calls; });
    f.log().watch(there, "test", [&](const partition_range&) { ++others; });
    f.pump_until([&] { return calls == 1 && others == 1; });
    f.log().watch(here, "test", {});
    REQUIRE(append(f, here, plain_records({"x"})).has_value());
    CHECK(calls == 1);
    CHECK(others == 1);
}

TEMPLATE_TEST_CASE("two watchers of one partition are both called; a new one of a name replaces it",
                   "", EACH_LOG) {
    with_topic<TestType> f;
    std::atomic<int> first = 0;
    std::atomic<int> replaced = 0;
    std::atomic<int> second = 0;
    f.log().watch(here, "a", [&](const partition_range&) { ++first; });
    f.log().watch(here, "b", [&](const partition_range&) { ++replaced; });
    f.pump_until([&] { return first == 1 && replaced == 1; });
    f.log().watch(here, "b", [&](const partition_range&) { ++second; });
    f.pump_until([&] { return second == 1; });
    REQUIRE(append(f, here, plain_records({"x"})).has_value());
    f.pump_until([&] { return first >= 2 && second >= 2; });
    CHECK(replaced == 1);
}
