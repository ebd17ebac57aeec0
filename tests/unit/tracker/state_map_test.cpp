// A job's tasks as one byte each, and lists of jobs and tags by something else than their names.
#include "folding.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::tracker;
using model::task_state;

namespace {

state_map_view map_of(folding& f, const std::string& job, std::uint32_t from = 0,
                      std::uint32_t count = 1'000'000) {
    return f.ask->state_map({model::job_name{job}, from, count}).value();
}

int state_in(char cell) {
    return static_cast<unsigned char>(cell) & 0x0fU;
}
int attempts_in(char cell) {
    return static_cast<unsigned char>(cell) >> 4U;
}

}  // namespace

TEST_CASE("the map has each task's state and attempts, in the order of submission") {
    folding f;
    event_maker e;
    f.add(e.claim());
    std::vector<task_spec> all;
    for (int i = 0; i < 1'000; ++i) {
        all.push_back({.id = "t" + std::to_string(i), .offset = i, .job = i % 2 == 0 ? "a" : "b"});
        f.add(record_of(all.back()));
    }
    f.add(e.owner(allocation(all[0], "l0")));
    f.add(e.owner(allocation(all[2], "l2")));
    f.add(e.lease(completion(all[2], "l2")));
    f.add(e.owner(allocation(all[998], "l998")));
    f.add(e.lease(failure(all[998], "l998", "no", false)));
    for (const bool reopened : {false, true}) {
        if (reopened) {
            f.commit_and_reopen();
        }
        const auto map = map_of(f, "a");
        REQUIRE(map.cells.size() == 500);
        CHECK(map.total == 500);
        CHECK(state_in(map.cells[0]) == static_cast<int>(task_state::allocated));
        CHECK(attempts_in(map.cells[0]) == 1);
        CHECK(state_in(map.cells[1]) == static_cast<int>(task_state::complete));
        CHECK(state_in(map.cells[2]) == static_cast<int>(task_state::pending));
        CHECK(attempts_in(map.cells[2]) == 0);
        CHECK(state_in(map.cells[499]) == static_cast<int>(task_state::error));
        CHECK(map_of(f, "a", 250, 100).cells == map.cells.substr(250, 100));
        CHECK(map_of(f, "a", 490, 100).cells == map.cells.substr(490));
        CHECK(map_of(f, "a", 500, 100).cells.empty());
        for (const std::uint32_t i : {0U, 1U, 63U, 64U, 255U, 256U, 499U}) {
            CHECK(f.ask->task_at(model::job_name{"a"}, i)->id.value() ==
                  "t" + std::to_string(2 * i));
        }
        CHECK(f.ask->task_at(model::job_name{"a"}, 500).error().code == model::errc::task_unknown);
    }
    CHECK(f.ask->state_map({model::job_name{"c"}, 0, 1}).error().code == model::errc::job_unknown);
}

TEST_CASE("the map follows a cancel of the whole job, and drops duplicates") {
    folding f;
    event_maker e;
    f.add(e.claim());
    for (int i = 0; i < 20; ++i) {
        f.add(record_of({.id = i == 19 ? "t0" : "t" + std::to_string(i), .offset = i}));
    }
    const task_spec first{.id = "t0", .offset = 0};
    f.add(e.owner(allocation(first, "l")));
    f.add(e.owner(model::duplicate{at_place(19), model::task_id{"t0"}, at_place(0)}));
    CHECK(state_in(map_of(f, "j").cells[19]) == empty_cell);
    CHECK(f.ask->task_at(model::job_name{"j"}, 19).error().code == model::errc::task_unknown);
    model::control c;
    c.control_offset = model::offset{1};
    c.action = model::control_action::cancel_job;
    c.job = model::job_name{"j"};
    c.ends = {{model::queue_name{"default"}, model::priority{5}, model::offset{20}}};
    f.add(e.owner(c));
    f.sweep_all();
    const auto map = map_of(f, "j");
    CHECK(map.total == 20);
    for (std::size_t i = 0; i < 19; ++i) {
        CHECK(state_in(map.cells[i]) == static_cast<int>(task_state::cancelled));
    }
}

TEST_CASE("attempts beyond fifteen are shown as fifteen") {
    CHECK(cell_of(task_state::running, 3) == 0x33);
    CHECK(cell_of(task_state::error, 15) == 0xf5);
    CHECK(cell_of(task_state::error, 100) == 0xf5);
}

TEST_CASE("jobs and tags are sorted by what is handed out, by errors, by last change and by size") {
    folding f;
    event_maker e;
    f.add(e.claim());
    std::int64_t offset = 0;
    for (int job = 0; job < 30; ++job) {
        const auto name = "job" + std::to_string(10 + job);
        for (int i = 0; i <= job; ++i) {
            const task_spec t{.id = name + "-" + std::to_string(i),
                              .offset = offset++,
                              .job = name,
                              .tags = {"t:" + name},
                              .submitted_at = 900'000};
            f.add(record_of(t));
            if (i < job % 10) {
                f.add(e.owner(allocation(t, "l" + t.id)));
            }
            if (i < job % 5) {
                e.pass(1'000);
                f.add(e.lease(failure(t, "l" + t.id, "no", false)));
            }
        }
    }
    const auto names = [&](name_kind kind, sorting by, const std::string& prefix = "") {
        name_page_query q;
        q.sort = by;
        q.prefix = prefix;
        q.limit = 4;
        std::vector<std::string> out;
        do {
            const auto page = f.ask->page(kind, q).value();
            for (const auto& g : page.items) {
                out.push_back(g.name);
            }
            q.cursor = page.next_cursor;
        } while (!q.cursor.empty());
        return out;
    };
    for (const bool reopened : {false, true}) {
        if (reopened) {
            f.commit_and_reopen();
        }
        const auto submitted = names(name_kind::job, sorting::submitted);
        REQUIRE(submitted.size() == 30);
        CHECK(submitted.front() == "job39");
        CHECK(submitted.back() == "job10");
        CHECK(names(name_kind::tag, sorting::submitted).front() == "t:job39");
        CHECK(names(name_kind::job, sorting::submitted, "job2").front() == "job29");
        const auto errors = names(name_kind::job, sorting::errors);
        CHECK(errors.size() == 24);  // every fifth has none
        CHECK(f.job(errors.front()).counts.at(5) == 4);
        const auto running = names(name_kind::job, sorting::running);
        CHECK(f.job(running.front()).counts.at(2) == 5);
        CHECK(running.size() == 15);
        CHECK(names(name_kind::job, sorting::last).front() == "job39");
        CHECK(names(name_kind::job, sorting::name).front() == "job10");
    }
}

TEST_CASE("a job knows when the oldest of its waiting tasks was submitted, and how fast it goes") {
    folding f;
    event_maker e;
    f.add(e.claim());
    for (int i = 0; i < 100; ++i) {
        const task_spec t{
            .id = "t" + std::to_string(i), .offset = i, .tags = {"x"}, .submitted_at = 900'000 + i};
        f.add(record_of(t));
        if (i < 60) {
            e.pass(500);
            f.add(e.owner(allocation(t, "l" + t.id)));
            f.add(e.lease(completion(t, "l" + t.id)));
        }
    }
    CHECK(f.job("j").oldest_pending_at == instant{900'060});
    CHECK(f.tag("x").oldest_pending_at == instant{900'060});
    const instant now{e.now()};  // 30 s after the first
    CHECK(f.job("j").finished.per_second(now, instant{1'000'000}) == Approx(2));
    CHECK(f.tag("x").finished.per_second(now, instant{1'000'000}) == Approx(2));
    CHECK(f.ask->overall().finished.per_second(now + milliseconds{120'000}, {}) == 0);
}

TEST_CASE("a task knows about how many come first") {
    folding f;
    event_maker e;
    f.add(e.claim());
    for (int i = 0; i < 10; ++i) {
        f.add(record_of({.id = "low" + std::to_string(i), .offset = i}));
        f.add(record_of({.id = "high" + std::to_string(i), .offset = i, .priority = 8}));
    }
    CHECK(f.task("high0").ahead == 0);
    CHECK(f.task("high3").ahead == 3);
    CHECK_FALSE(f.task("high3").behind);
    CHECK(f.task("low4").ahead == 14);
    CHECK(f.task("low4").behind == model::priority{8});
}
