// Counts of tags: when rows are written, and of no more than a thousand tags in a job.
#include "folding.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace kwq;
using namespace kwq::tracker;
using model::task_state;

TEST_CASE("tags beyond a thousand of a job are counted together as other") {
    folding f;
    event_maker e;
    f.add(e.claim());
    const auto nth = [](int i) {
        const auto n = std::to_string(i);
        return task_spec{.id = "t" + n, .offset = i, .tags = {"tag" + n}};
    };
    for (int i = 0; i < 1'010; ++i) {
        f.add(record_of(nth(i)));
    }
    const auto job = f.job("j");
    REQUIRE(job.tags.size() == 1'001);
    CHECK(job.tags.front().first == "other");
    CHECK(count(job.tags.front().second, task_state::pending) == 10);
    CHECK(f.tag("tag1009").submitted == 1);

    SECTION("and stay so when the state is read again") {
        f.commit_and_reopen();
        f.add(e.owner(allocation(nth(5), "l5")));
        f.add(e.owner(allocation(nth(1'005), "l1005")));
        const auto later = f.job("j").tags;
        REQUIRE(later.size() == 1'001);
        CHECK(later.front().first == "other");
        CHECK(count(later.front().second, task_state::pending) == 9);
        CHECK(count(later.front().second, task_state::allocated) == 1);
        const auto named = std::find_if(later.begin(), later.end(),
                                        [](const auto& tag) { return tag.first == "tag5"; });
        REQUIRE(named != later.end());
        CHECK(count(named->second, task_state::allocated) == 1);
    }
}

TEST_CASE("a job is shown with its largest tags, and the others as one") {
    folding f;
    event_maker e;
    f.add(e.claim());
    for (int i = 0; i < 10; ++i) {
        f.add(record_of({.id = "t" + std::to_string(i),
                         .offset = i,
                         .tags = {i < 5   ? "five"
                                  : i < 8 ? "three"
                                          : "two",
                                  "ten"}}));
    }
    const auto shown = [&](std::uint32_t most) {
        std::vector<std::pair<std::string, std::int64_t>> tags;
        for (const auto& [tag, counts] : f.ask->job({model::job_name{"j"}, most}).value().tags) {
            tags.emplace_back(tag, count(counts, task_state::pending));
        }
        return tags;
    };
    using tags = std::vector<std::pair<std::string, std::int64_t>>;
    CHECK(shown(0).empty());
    CHECK(shown(2) == tags{{"ten", 10}, {"five", 5}, {"other", 5}});
    CHECK(shown(4) == tags{{"ten", 10}, {"five", 5}, {"three", 3}, {"two", 2}});
}

TEST_CASE("every attempt between two commits is counted under the task's tags") {
    folding f;
    event_maker e;
    const task_spec t{.id = "a", .tags = {"x"}};
    f.add(e.claim());
    f.add(record_of(t));
    f.add(e.owner(allocation(t, "l1")));
    f.add(e.lease(failure(t, "l1", "no disk")));
    e.pass(10'000);
    f.add(e.owner(model::ready{place_of(t), model::task_id{"a"}, model::ready_reason::due}));
    f.add(e.owner(allocation(t, "l2", 2)));
    f.add(e.lease(completion(t, "l2")));
    const auto v = f.tag("x");
    CHECK(v.wait.count == 2);
    CHECK(v.run.count == 1);
    CHECK(v.retries == 1);
    CHECK(count(v.counts, task_state::complete) == 1);
}
