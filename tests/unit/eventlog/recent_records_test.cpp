// The newest records in memory: what is kept, what is dropped, where a read may begin.
#include "eventlog/recent_records.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::eventlog;

namespace {

constexpr std::size_t record_bytes = sizeof(log_record) + 100;

std::vector<log_record> records(std::int64_t first, std::int64_t count) {
    std::vector<log_record> made;
    for (auto at = first; at < first + count; ++at) {
        made.push_back({.offset = offset{at},
                        .timestamp = {},
                        .key = {},
                        .value = std::string(100, 'x'),
                        .headers = {}});
    }
    return made;
}

}  // namespace

TEST_CASE("a read begins in the append that holds its offset") {
    recent_records recent;
    CHECK(recent.from(offset{0}, 1000).empty());
    recent.add(records(10, 5), 1U << 20U);
    recent.add(records(15, 5), 1U << 20U);
    CHECK(recent.from(offset{9}, 100'000).empty());
    CHECK(recent.from(offset{10}, 100'000).size() == 2);
    CHECK(recent.from(offset{14}, 100'000).size() == 2);
    REQUIRE(recent.from(offset{15}, 100'000).size() == 1);
    CHECK(recent.from(offset{19}, 100'000).front()->front().offset == offset{15});
}

TEST_CASE("the oldest appends are dropped when the limit is passed, also all of them") {
    recent_records recent;
    for (std::int64_t i = 0; i < 10; ++i) {
        recent.add(records(2 * i, 2), 6 * record_bytes);
    }
    CHECK(recent.from(offset{13}, 100'000).empty());
    CHECK(recent.from(offset{14}, 100'000).size() == 3);
    recent.add(records(20, 7), 6 * record_bytes);
    CHECK(recent.from(offset{20}, 100'000).empty());
}

TEST_CASE("about as much is found as is asked for") {
    recent_records recent;
    for (std::int64_t i = 0; i < 10; ++i) {
        recent.add(records(i, 1), 1U << 20U);
    }
    const auto few = recent.from(offset{0}, 3 * record_bytes);
    CHECK(few.size() >= 4);
    CHECK(few.size() <= 5);
}
