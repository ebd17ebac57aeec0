#include "scheduler/range_table.hpp"

#include "base/random.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace kwq;
using model::offset;
using model::offset_range;

TEST_CASE("a range table behaves as a set of numbers and counts its ranges") {
    const auto state = store::make_memory_kv();
    scheduler::range_table table(*state, "p");
    state->put("o", "a neighbour below");
    state->put("q", "a neighbour above");
    seeded_random random(3);
    std::set<std::int64_t> naive;
    int count = 0;
    for (int step = 0; step < 3'000; ++step) {
        const auto first = static_cast<std::int64_t>(random.below(50));
        const auto last = first + 1 + static_cast<std::int64_t>(random.below(6));
        const offset_range r{offset{first}, offset{last}};
        const bool free =
            naive.lower_bound(first) == naive.end() || *naive.lower_bound(first) >= last;
        if (free && random.below(2) == 0) {
            count += table.insert(r);
            for (auto o = first; o < last; ++o) {
                naive.insert(o);
            }
        } else {
            count += table.erase(r);
            naive.erase(naive.lower_bound(first), naive.lower_bound(last));
        }
        std::set<std::int64_t> found;
        int ranges = 0;
        for (const auto& known : table.next(offset{0}, 1'000)) {
            ++ranges;
            for (auto o = known.first.value(); o < known.last.value(); ++o) {
                REQUIRE(found.insert(o).second);
            }
        }
        REQUIRE(found == naive);
        REQUIRE(ranges == count);
        const offset probe{static_cast<std::int64_t>(random.below(60))};
        REQUIRE(table.contains(probe) == (naive.count(probe.value()) > 0));
    }
}

TEST_CASE("ranges met in order cost one row") {
    const auto state = store::make_memory_kv();
    scheduler::range_table table(*state, "p");
    int count = 0;
    for (std::int64_t o = 0; o < 1'000; ++o) {
        count += table.insert({offset{o}, offset{o + 1}});
    }
    CHECK(count == 1);
    CHECK(table.next(offset{500}, 10) == std::vector<offset_range>{{offset{500}, offset{1'000}}});
}

TEST_CASE("ranges that overlap what is there add only what is new") {
    const auto state = store::make_memory_kv();
    scheduler::range_table table(*state, "p");
    seeded_random random(5);
    std::set<std::int64_t> naive;
    int count = 0;
    for (int step = 0; step < 3'000; ++step) {
        const auto first = static_cast<std::int64_t>(random.below(50));
        const auto last = first + 1 + static_cast<std::int64_t>(random.below(6));
        const offset_range r{offset{first}, offset{last}};
        const bool adds = random.below(2) == 0;
        count += adds ? table.insert(r) : table.erase(r);
        for (auto o = first; o < last; ++o) {
            if (adds) {
                naive.insert(o);
            } else {
                naive.erase(o);
            }
        }
        std::set<std::int64_t> found;
        const auto ranges = table.next(offset{0}, 1'000);
        for (const auto& range : ranges) {
            for (auto o = range.first.value(); o < range.last.value(); ++o) {
                CHECK(found.insert(o).second);
            }
        }
        REQUIRE(found == naive);
        REQUIRE(count == static_cast<int>(ranges.size()));
    }
}
