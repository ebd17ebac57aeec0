// What is counted survives being let out of memory, at any moment, and a restart.
#include "tracker/groups.hpp"
#include "store/merging.hpp"
#include "store/tally.hpp"
#include "tracker/group_tally.hpp"
#include "tracker/tag_totals.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
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
            ++groups.change(keys::job(n)).submitted;
            ++counted[n];
        } else if (drawn < 9) {
            const auto* g = groups.find(keys::job(n));
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
        REQUIRE(again.find(keys::job(n))->submitted == submitted);
    }
}

TEST_CASE("a group is what it was as a tally, and tallies of changes join to it") {
    group g;
    g.counts = {3, 0, 1, 0, 7, 0, 0};
    g.submitted = 11;
    g.retries = 2;
    g.submitted_at(instant{50'000});
    g.changed_at(instant{90'000});
    g.wait.add(milliseconds{0});
    g.wait.add(milliseconds{20'000});
    g.run.add(milliseconds{std::int64_t{1} << 45});
    g.finished.add(instant{80'000});
    std::string all;
    write_tally(g, all);
    CHECK(read_tally(all) == g);
    CHECK(read_group(write_group(g)) == g);

    group more;
    more.counts = {-1, 0, 0, 0, 1, 0, 0};
    more.submitted_at(instant{40'000});
    more.wait.add(milliseconds{20'000});
    more.finished.add(instant{160'000});
    std::string change;
    write_tally(more, change);
    std::string joined;
    store::join_tallies(all, change, joined);
    const auto sum = read_tally(joined);
    CHECK(sum.counts == state_counts{2, 0, 1, 0, 8, 0, 0});
    CHECK(sum.submitted == 11);
    CHECK(sum.first_at == instant{40'000});
    CHECK(sum.last_at == instant{90'000});
    CHECK(sum.wait.count() == 3);
    CHECK(sum.wait.sum_ms() == 40'000);
    CHECK(sum.finished == more.finished);  // the other was too long before
}

TEST_CASE("what tags are sorted by is the same however few of them are kept") {
    constexpr name_number names = 3'000;
    const auto state = store::make_memory_kv();
    tag_totals few(*state, 512);
    std::map<name_number, sort_values> expected;
    std::map<name_number, sort_values> seen;
    std::minstd_rand random(5);
    for (int step = 0; step < 30'000; ++step) {
        const name_number tag = random() % names;
        group change;
        change.counts.at(random() % change.counts.size()) = 1 + random() % 3;
        change.submitted = 1;
        change.changed_at(instant{static_cast<std::int64_t>(random() % 100) * 1'000});
        auto& sum = expected[tag];
        const auto more = values_of(change);
        for (std::size_t by = 0; by < sum.size(); ++by) {
            sum.at(by) =
                by == by_last ? std::max(sum.at(by), more.at(by)) : sum.at(by) + more.at(by);
        }
        std::string tally;
        write_tally(change, tally);
        few.add(tag, change);
        state->merge(keys::tag(tag), store::tally_operand(tally));
        if (step % 100 == 0) {
            few.each_changed([&](name_number n, const sort_values& v) { seen[n] = v; });
            state->commit();
            few.forget_some();
        }
    }
    few.each_changed([&](name_number n, const sort_values& v) { seen[n] = v; });
    CHECK(seen == expected);
}
