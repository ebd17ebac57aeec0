// What is counted survives being let out of memory, at any moment, and a restart.
#include "tracker/groups.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <string>

using namespace kwq;
using namespace kwq::tracker;

TEST_CASE("groups that were let out of memory come back as they were") {
    constexpr group_limits few{.held = 8, .packed = 32};
    constexpr name_number names = 100;
    const auto state = store::make_memory_kv();
    group_store groups(*state, few);
    std::map<name_number, std::int64_t> counted;
    std::minstd_rand random(11);
    for (int step = 0; step < 20'000; ++step) {
        const name_number n = random() % names;
        const auto drawn = random() % 10;
        if (drawn < 6) {
            ++groups.change(keys::tag(n)).submitted;
            ++counted[n];
        } else if (drawn < 9) {
            const auto* g = groups.find(keys::tag(n));
            REQUIRE((g == nullptr ? 0 : g->submitted) == (counted.contains(n) ? counted[n] : 0));
        } else {
            groups.write_changed();
            state->commit();
            groups.forget_some();
        }
    }
    groups.write_changed();
    group_store again(*state, few);
    for (const auto& [n, submitted] : counted) {
        REQUIRE(again.find(keys::tag(n))->submitted == submitted);
    }
}

TEST_CASE("a group that is added is found by who walks over keys") {
    const auto state = store::make_memory_kv();
    group_store groups(*state);
    groups.add(keys::tag(7));
    std::size_t seen = 0;
    state->scan(keys::all_tags(), {}, [&](std::string_view key, std::string_view) {
        CHECK(keys::number_in_group(key) == 7);
        ++seen;
        return true;
    });
    CHECK(seen == 1);
    CHECK(groups.change(keys::tag(7)).submitted == 0);
}
