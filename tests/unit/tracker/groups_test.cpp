// What is counted survives being let out of memory, at any moment, and a restart.
#include "tracker/groups.hpp"
#include "store/merging.hpp"
#include "tracker/group_tally.hpp"
#include "tracker/group_totals.hpp"
#include "tracker/job_counters.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <string>

using namespace kwq;
using namespace kwq::tracker;

TEST_CASE("what is counted of jobs is the same whenever it is written, and after a restart") {
    constexpr name_number names = 6'000;  // more than are gathered
    const auto state = store::make_memory_kv();
    job_counters jobs(*state);
    std::map<name_number, std::int64_t> counted;
    std::minstd_rand random(11);
    for (int step = 0; step < 40'000; ++step) {
        const name_number n = random() % names;
        const auto drawn = random() % 100;
        if (drawn < 90) {
            ++jobs.change(n).submitted;
            REQUIRE(jobs.take_ordinal(n) == counted[n]++);
            ++jobs.cell(n, random() % 3, model::priority{1}, model::queue_name{"q"}).counts[1];
        } else if (drawn < 99) {
            const auto g = jobs.of_job(n);
            REQUIRE((g ? g->submitted : 0) == (counted.contains(n) ? counted[n] : 0));
        } else {
            jobs.write();
            state->commit();
        }
    }
    jobs.write();
    job_counters again(*state);
    for (const auto& [n, submitted] : counted) {
        const auto g = again.of_job(n).value();
        REQUIRE(g.submitted == submitted);
        REQUIRE(again.ordinals(n) == submitted);
        std::int64_t in_cells = 0;
        for (const auto& c : g.cells) {
            in_cells += c.counts[1];
        }
        REQUIRE(in_cells == submitted);
        REQUIRE(state->get(keys::job_on_queue(model::queue_name{"q"}, n)));
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
    g.ordinals = 12;
    g.tags_counted = true;
    g.cells = {{0, model::priority{9}, {1, 0, 0, 0, 0, 0, 6}},
               {7, model::priority{1}, {2, 0, 1, 0, 1, 0, 0}},
               {no_name, model::priority{100}, {0, 0, 0, 0, 0, 0, 1}}};
    auto all = write_group(g);
    CHECK(read_group(all) == g);

    group more;
    more.counts = {-1, 0, 0, 0, 1, 0, 0};
    more.submitted_at(instant{40'000});
    more.wait.add(milliseconds{20'000});
    more.finished.add(instant{160'000});
    more.ordinals = 13;
    more.cells = {{7, model::priority{1}, {-1, 0, 0, 0, 1, 0, 0}}};
    store::merge_or_throw(all, write_group(more));
    const auto sum = read_group(all);
    CHECK(sum.ordinals == 13);
    CHECK(sum.tags_counted);
    CHECK(sum.cells.at(1).counts == state_counts{1, 0, 1, 0, 2, 0, 0});
    CHECK(is_empty(write_group({})));
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
    group_totals few(*state, name_kind::tag, 512);
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
        few.add(tag, change);
        state->merge(keys::tag(tag), write_group(change));
        if (step % 100 == 0) {
            few.each_changed([&](name_number n, const sort_values& v) { seen[n] = v; });
            state->commit();
            few.forget_some();
        }
    }
    few.each_changed([&](name_number n, const sort_values& v) { seen[n] = v; });
    CHECK(seen == expected);
}
