// Tasks that ended long ago leave; what was counted stays, and so do ids until they are forgotten.
#include "tracker/retention.hpp"
#include "folding.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::tracker;
using model::task_state;

namespace {

struct past {
    folding f;
    event_maker e;
    std::vector<task_spec> tasks;

    explicit past(std::uint32_t most_uncounted = most_tasks_uncounted) : f(most_uncounted) {
        f.add(e.claim());
        for (int i = 0; i < 300; ++i) {
            tasks.push_back({.id = "t" + std::to_string(i),
                             .offset = i,
                             .job = i % 3 == 0 ? "kept" : "j",
                             .tags = {"x"}});
            f.add(record_of(tasks.back()));
        }
        for (std::size_t i = 0; i < 200; ++i) {
            const auto& t = tasks[i];
            f.add(e.owner(allocation(t, "l" + t.id)));
            if (i % 10 == 1) {
                f.add(e.lease(failure(t, "l" + t.id, "no", false)));
            } else if (i % 10 != 2) {
                f.add(e.lease(completion(t, "l" + t.id)));
            }
        }
        f.add(e.owner(model::duplicate{at_place(299), model::task_id{"t0"}, at_place(0)}));
    }
    std::size_t forget(std::int64_t at, const retention_times& keep) {
        retention r(*f.data, keep);
        std::size_t gone = 0;
        do {
            f.data->rows.write();
            gone += r.advance(instant{at}, 7);
        } while (!r.at_start());
        return gone;
    }
    std::size_t listed(const task_filter& filter) {
        auto wide = filter;
        wide.limit = 1'000;
        return f.ask->tasks(wide)->items.size();
    }
};

constexpr milliseconds minute{60'000};

}  // namespace

TEST_CASE("finished tasks leave lists, map and ids; counters and dead letters stay") {
    past p;
    const retention_times keep{minute, {{model::job_name{"kept"}, milliseconds{0}}}};
    CHECK(p.forget(p.e.now() + 59'000, keep) == 0);
    const auto before = p.f.job("j");
    const auto tag = p.f.tag("x");
    const auto gone = p.forget(p.e.now() + 61'000, keep);
    const auto n = [&](task_state s) { return count(before.counts, s); };
    const auto completed = n(task_state::complete);
    CHECK(static_cast<std::int64_t>(gone) == completed + 1);  // and a duplicate that was dropped
    for (const bool reopened : {false, true}) {
        if (reopened) {
            p.f.commit_and_reopen();
        }
        CHECK(p.f.job("j").counts == before.counts);
        CHECK(p.f.job("j").submitted == before.submitted);
        CHECK(p.f.tag("x").counts == tag.counts);
        task_filter filter;
        filter.job = model::job_name{"j"};
        CHECK(static_cast<std::int64_t>(p.listed(filter)) == before.submitted - completed);
        filter.state = task_state::complete;
        CHECK(p.listed(filter) == 0);
        filter.state = task_state::error;
        CHECK(static_cast<std::int64_t>(p.listed(filter)) == n(task_state::error));
        filter.job = model::job_name{"kept"};
        filter.state = task_state::complete;
        CHECK(static_cast<std::int64_t>(p.listed(filter)) ==
              count(p.f.job("kept").counts, task_state::complete));
        CHECK(p.f.ask->task(model::task_id{"t4"}).error().code == model::errc::task_unknown);
        const auto map = p.f.ask->state_map({model::job_name{"j"}, 0, 1'000}).value();
        CHECK(map.total == 200);
        CHECK(std::count(map.cells.begin(), map.cells.end(), static_cast<char>(empty_cell)) ==
              completed + 1);
    }
    CHECK(p.forget(p.e.now() + 61'000, keep) == 0);
}

TEST_CASE(
    "what has gone stays counted in a tag of its job, which has counters or gets them later") {
    const auto most_uncounted = GENERATE(as<std::uint32_t>(), 0, 150, 250, 1'000);
    past p(most_uncounted);
    const auto before = p.f.job("j").tags;
    REQUIRE(before.size() == 1);
    CHECK(count(before.front().second, task_state::complete) > 0);
    CHECK(p.forget(p.e.now() + 61'000, {minute, {}}) > 0);
    CHECK(p.f.job("j").tags == before);
    p.f.commit_and_reopen();
    CHECK(p.f.job("j").tags == before);
    for (int i = 300; i < 400; ++i) {
        p.f.add(record_of({.id = "t" + std::to_string(i), .offset = i, .tags = {"x", "y"}}));
    }
    auto grown = before.front().second;
    grown.at(static_cast<std::size_t>(task_state::pending)) += 100;
    for (const bool reopened : {false, true}) {
        if (reopened) {
            p.f.commit_and_reopen();
        }
        const auto after = p.f.job("j").tags;
        REQUIRE(after.size() == 2);
        CHECK(after.front() == std::pair(std::string("x"), grown));
        CHECK(count(after.back().second, task_state::pending) == 100);
        const auto job = p.f.data->names.find(name_kind::job, "j").value();
        CHECK(p.f.data->jobs.of_job(job).value().tags_counted ==
              p.f.data->jobs.has_tag_counters(job));
        CHECK(p.f.data->jobs.has_tag_counters(job) == (most_uncounted < 300));
    }
}

TEST_CASE(
    "a complete round knows when the next task may leave, and events and other times change it") {
    past p;
    const retention_times keep{2 * minute, {}};
    const auto ended = instant{p.e.now()};  // all of them
    const auto walk = [&](retention& r, instant now) {
        std::size_t gone = 0;
        do {
            p.f.data->rows.write();
            gone += r.advance(now, 7);
        } while (!r.at_start());
        return gone;
    };
    {
        retention r(*p.f.data, keep);
        CHECK(r.is_due(ended));  // nothing is known yet
        CHECK(walk(r, ended + minute) == 0);
        CHECK_FALSE(r.is_due(ended + 2 * minute));
        CHECK(r.is_due(ended + 2 * minute + milliseconds{1}));
        r.note_event(ended + minute);
        CHECK_FALSE(r.is_due(ended + 2 * minute));
        r.note_event(ended + -minute);  // of a log that is read late
        CHECK(r.is_due(ended + minute + milliseconds{1}));
        CHECK(walk(r, ended + minute + milliseconds{1}) == 0);
        CHECK_FALSE(r.is_due(ended + 2 * minute));
    }
    retention again(*p.f.data, keep);
    CHECK_FALSE(again.is_due(ended + 2 * minute));
    CHECK(retention(*p.f.data, {minute, {}}).is_due(ended));
    // What ends while a round is under way, behind it, is not forgotten by its end.
    CHECK(again.advance(ended + minute, 7) == 0);
    again.note_event(ended + -minute);
    walk(again, ended + minute);
    CHECK(again.is_due(ended + minute + milliseconds{1}));
    CHECK(walk(again, ended + 2 * minute + milliseconds{1}) > 0);
    CHECK_FALSE(again.is_due(ended + 3 * minute));
    // A restart in the middle of a round: what it had seen is not known.
    CHECK(again.advance(ended + 3 * minute, 7) == 0);
    retention restarted(*p.f.data, keep);
    walk(restarted, ended + 3 * minute);
    CHECK(restarted.is_due(ended + 3 * minute));
}

TEST_CASE("the id of a task that has gone is bound until the horizon passes it") {
    for (const bool forgotten : {false, true}) {
        past p;
        const auto ended = p.e.now();
        p.e.pass(120'000);
        p.forget(p.e.now(), {minute, {}});
        if (forgotten) {
            p.f.add(p.e.owner(model::horizon{instant{ended + 1}}));
        }
        task_spec again = p.tasks[4];
        again.offset = 300;
        p.f.add(record_of(again));
        const auto voids = p.f.data->totals.void_events;
        if (forgotten) {
            p.f.add(p.e.owner(allocation(again, "new")));
            CHECK(p.f.task("t4").state == task_state::allocated);
            CHECK(p.f.task("t4").place == at_place(300));
        } else {
            p.f.add(p.e.owner(model::duplicate{at_place(300), model::task_id{"t4"}, at_place(4)}));
            CHECK(p.f.job("j").duplicates == 2);  // one was dropped before
            CHECK(p.f.ask->task(model::task_id{"t4"}).error().code == model::errc::task_unknown);
        }
        CHECK(p.f.data->totals.void_events == voids);
    }
}

TEST_CASE("a job that was cancelled leaves too, once its sweep is over") {
    past p;
    model::control c;
    c.control_offset = model::offset{1};
    c.action = model::control_action::cancel_job;
    c.job = model::job_name{"j"};
    c.ends = {{model::queue_name{"default"}, model::priority{5}, model::offset{300}}};
    p.f.add(p.e.owner(c));
    const auto at = p.e.now() + 61'000;
    const auto before = p.f.job("j").counts;
    p.forget(at, {minute, {}});
    p.f.sweep_all();
    p.forget(at, {minute, {}});
    CHECK(p.f.job("j").counts == before);
    task_filter filter;
    filter.job = model::job_name{"j"};
    CHECK(static_cast<std::int64_t>(p.listed(filter)) == count(before, task_state::error));
}

TEST_CASE("only ids of tasks that have gone, and that are forgotten, may be dropped for good") {
    past p;
    const auto ended = p.e.now();
    p.forget(ended + 61'000, {minute, {}});
    std::size_t early = 0;
    std::size_t late = 0;
    p.f.state->scan({}, {}, [&](std::string_view key, std::string_view value) {
        early += may_drop(key, value, instant{ended}) ? 1 : 0;
        late += may_drop(key, value, instant{ended + 1}) ? 1 : 0;
        return true;
    });
    CHECK(early == 0);
    CHECK(static_cast<std::int64_t>(late) ==
          count(p.f.job("j").counts, task_state::complete) +
              count(p.f.job("kept").counts, task_state::complete));
}
