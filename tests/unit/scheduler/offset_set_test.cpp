#include "scheduler/offset_set.hpp"

#include "base/random.hpp"

#include <catch2/catch.hpp>
#include <set>

using kwq::model::offset;
using kwq::model::offset_range;
using kwq::scheduler::offset_set;

namespace {

offset_range range(std::int64_t first, std::int64_t last) {
    return {offset{first}, offset{last}};
}

}  // namespace

TEST_CASE("everything is ahead at first") {
    const auto all = offset_set::all();
    CHECK(all.contains(offset{0}));
    CHECK(all.contains(offset{1'000'000'000'000}));
    CHECK(all.range_count() == 1);
}

TEST_CASE("taking in order leaves one range, whatever the number taken") {
    auto ahead = offset_set::all();
    for (std::int64_t o = 0; o < 10'000; ++o) {
        ahead.erase(offset{o});
    }
    CHECK(ahead.range_count() == 1);
    CHECK(ahead.next_range(offset{0})->first == offset{10'000});
}

TEST_CASE("ranges that touch become one") {
    offset_set s;
    s.insert(range(0, 5));
    s.insert(range(10, 15));
    CHECK(s.range_count() == 2);
    s.insert(range(5, 10));
    CHECK(s.ranges() == std::vector<offset_range>{range(0, 15)});
}

TEST_CASE("a set of offsets behaves as a set of numbers") {
    kwq::seeded_random random(11);
    offset_set s;
    std::set<std::int64_t> naive;
    for (int step = 0; step < 4'000; ++step) {
        const auto first = static_cast<std::int64_t>(random.below(60));
        const auto last = first + 1 + static_cast<std::int64_t>(random.below(8));
        const bool insert = random.below(2) == 0;
        insert ? s.insert(range(first, last)) : s.erase(range(first, last));
        for (auto o = first; o < last; ++o) {
            insert ? static_cast<void>(naive.insert(o)) : static_cast<void>(naive.erase(o));
        }
        for (std::int64_t o = 0; o < 70; ++o) {
            REQUIRE(s.contains(offset{o}) == (naive.count(o) > 0));
        }
        const auto from = static_cast<std::int64_t>(random.below(70));
        const auto next = naive.lower_bound(from);
        const auto found = s.next_range(offset{from});
        REQUIRE(found.has_value() == (next != naive.end()));
        if (found) {
            REQUIRE(found->first.value() == *next);
        }
        REQUIRE(offset_set::decode(s.encode()) == s);
    }
}
