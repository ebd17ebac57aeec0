// What each kind of record does to rows and counters.
#include "folding.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::tracker;
using model::task_state;

namespace {

model::control command(model::control_action action, const std::string& what,
                       std::vector<model::topic_end> ends, std::int64_t control_offset = 0) {
    model::control c;
    c.control_offset = model::offset{control_offset};
    c.action = action;
    if (action == model::control_action::empty_queue) {
        c.queue = model::queue_name{what};
    } else {
        c.job = model::job_name{what};
    }
    c.ends = std::move(ends);
    return c;
}

model::topic_end end_at(std::int64_t offset, std::int32_t priority = 5) {
    return {model::queue_name{"default"}, model::priority{priority}, model::offset{offset}};
}

}  // namespace

TEST_CASE("a task's stages are all stamped, in order, and counted once in each group") {
    folding f;
    event_maker e;
    const task_spec t{.id = "a", .job = "j1", .tags = {"env:test", "env:test", "x"}};
    f.add(e.claim());
    f.add(record_of(t));
    CHECK(f.task("a").state == task_state::pending);
    CHECK(count(f.job("j1").counts, task_state::pending) == 1);

    e.pass(500);
    f.add(e.owner(allocation(t, "l1")));
    CHECK(f.task("a").worker == model::worker_name{"w-l1"});
    e.pass(10);
    f.add(e.lease(model::running{place_of(t), model::task_id{"a"}, model::lease_token{"l1"}}));
    CHECK(f.task("a").state == task_state::running);
    e.pass(200);
    f.add(e.lease(completion(t, "l1")));

    const auto v = f.task("a");
    CHECK(v.state == task_state::complete);
    CHECK(v.result_json == "{\"ok\":true}");
    CHECK(v.submitted_at == instant{999'000});
    CHECK(v.allocated_at == instant{1'000'500});
    CHECK(v.running_at == instant{1'000'510});
    CHECK(v.ended_at == instant{1'000'710});
    REQUIRE(v.attempts.size() == 1);
    CHECK(v.attempts[0].ended == model::outcome::complete);
    CHECK(v.tags ==
          std::vector<model::tag_name>{model::tag_name{"env:test"}, model::tag_name{"x"}});
    for (const auto& g : {f.job("j1"), f.tag("env:test"), f.tag("x"), f.ask->overall()}) {
        CHECK(g.submitted == 1);
        CHECK(count(g.counts, task_state::complete) == 1);
        CHECK(count(g.counts, task_state::pending) == 0);
        CHECK(g.wait.count == 1);
        CHECK(g.wait.mean_s == Approx(1.5));
        CHECK(g.run.mean_s == Approx(0.21));
        CHECK(g.first_at == instant{999'000});
        CHECK(g.last_at == instant{1'000'710});
    }
    CHECK(f.job("j1").tags.size() == 2);
}

TEST_CASE("an event read before its task's record makes the row, and the record changes nothing") {
    folding f;
    event_maker e;
    const task_spec t{.id = "a", .job = "j1", .tags = {"x"}};
    f.add(e.claim());
    f.add(e.owner(allocation(t, "l1")));
    CHECK(f.task("a").state == task_state::allocated);
    CHECK(f.job("j1").submitted == 1);
    f.add(record_of(t));
    CHECK(f.task("a").state == task_state::allocated);
    CHECK(f.job("j1").submitted == 1);
    CHECK(f.tag("x").submitted == 1);
}

TEST_CASE("until an id is bound the highest priority and then the lowest offset is shown for it") {
    folding f;
    event_maker e;
    f.add(e.claim());
    const task_spec low{.id = "a", .offset = 0, .priority = 3};
    const task_spec late{.id = "a", .offset = 9, .priority = 7};
    const task_spec early{.id = "a", .offset = 4, .priority = 7};
    f.add(record_of(low));
    CHECK(f.task("a").place == place_of(low));
    f.add(record_of(late));
    CHECK(f.task("a").place == place_of(late));
    f.add(record_of(early));
    CHECK(f.task("a").place == place_of(early));
    f.add(e.owner(allocation(low, "l1")));
    CHECK(f.task("a").place == place_of(low));
}

TEST_CASE("a duplicate is not counted as a task, whichever of record and event comes first") {
    const bool record_first = GENERATE(true, false);
    folding f;
    event_maker e;
    const task_spec first{.id = "a", .offset = 0, .tags = {"x"}};
    const task_spec again{.id = "a", .offset = 1, .tags = {"x"}};
    const auto claim = e.claim();
    const auto allocated = e.owner(allocation(first, "l1"));
    const auto dropped =
        e.owner(model::duplicate{place_of(again), model::task_id{"a"}, place_of(first)});
    f.add(claim);
    f.add(record_of(first));
    if (record_first) {
        f.add(record_of(again));
        CHECK(f.job("j").submitted == 2);
    }
    f.add(allocated);
    f.add(dropped);
    f.add(record_of(again));
    for (const auto& g : {f.job("j"), f.tag("x"), f.ask->overall()}) {
        CHECK(g.submitted == 1);
        CHECK(g.duplicates == 1);
        CHECK(count(g.counts, task_state::pending) == 0);
        CHECK(count(g.counts, task_state::allocated) == 1);
    }
    CHECK(f.task("a").place == place_of(first));
    CHECK(f.ask->tasks({}).value().items.size() == 1);
}

TEST_CASE("a duplicate of an id that nothing is bound to does not count") {
    folding f;
    event_maker e;
    const task_spec t{.id = "a"};
    f.add(e.claim());
    f.add(record_of(t));
    f.add(e.owner(model::duplicate{place_of(t), model::task_id{"a"}, at_place(7)}));
    CHECK(f.job("j").submitted == 1);
    CHECK(f.data->totals.void_events == 1);
}

TEST_CASE("a rejected record is counted as such and is no task") {
    folding f;
    event_maker e;
    f.add(e.claim());
    f.add(e.owner(model::rejected{at_place(3), "not JSON"}));
    CHECK(f.ask->overall().rejected == 1);
    CHECK(f.ask->overall().submitted == 0);
}

TEST_CASE("a rejected record that could be read here is taken back from the counts") {
    folding f;
    event_maker e;
    const task_spec t{.id = "a"};
    f.add(e.claim());
    f.add(record_of(t));
    f.add(e.owner(model::rejected{place_of(t), "no such field"}));
    CHECK(f.job("j").submitted == 0);
    CHECK(f.job("j").rejected == 1);
    CHECK(count(f.job("j").counts, task_state::pending) == 0);
}

TEST_CASE("events of a former owner change nothing") {
    folding f;
    event_maker e;
    const task_spec t{.id = "a"};
    f.add(e.claim());
    auto stale = e.owner(allocation(t, "l1"));
    f.add(e.claim());
    stale.offset = model::offset{e.offset()};
    f.add(stale);
    CHECK(f.data->totals.void_events == 1);
    CHECK_FALSE(f.ask->task(model::task_id{"a"}).has_value());
}

TEST_CASE("a failed attempt is kept with its reason and the task waits for its retry") {
    folding f;
    event_maker e;
    const task_spec t{.id = "a", .max_attempts = 2};
    f.add(e.claim());
    f.add(e.owner(allocation(t, "l1")));
    f.add(e.lease(failure(t, "l1", "no disk")));
    auto v = f.task("a");
    CHECK(v.state == task_state::scheduled);
    CHECK(v.scheduled_for.has_value());
    CHECK(v.last_error == "no disk");
    CHECK(f.job("j").retries == 1);

    e.pass(10'000);
    f.add(e.owner(model::ready{place_of(t), model::task_id{"a"}, model::ready_reason::due}));
    e.pass(2'000);
    f.add(e.owner(allocation(t, "l2", 2)));
    CHECK(f.job("j").wait.max_s == Approx(2.0));
    f.add(e.lease(failure(t, "l2", "still no disk")));
    v = f.task("a");
    CHECK(v.state == task_state::error);
    CHECK(v.ended_at == instant{e.now()});
    REQUIRE(v.attempts.size() == 2);
    CHECK(v.attempts[0].error == "no disk");
    CHECK(v.attempts[1].worker == model::worker_name{"w-l2"});
    CHECK(f.job("j").retries == 1);
}

TEST_CASE("of many attempts the newest hundred are kept") {
    folding f;
    event_maker e;
    const task_spec t{.id = "a"};
    f.add(e.claim());
    for (std::uint32_t n = 1; n <= 130; ++n) {
        const auto lease = "l" + std::to_string(n);
        f.add(e.owner(allocation(t, lease, n)));
        f.add(e.lease(model::released{place_of(t), model::task_id{"a"}, model::lease_token{lease},
                                      milliseconds{0}}));
    }
    const auto v = f.task("a");
    CHECK(v.attempt == 130);
    REQUIRE(v.attempts.size() == 100);
    CHECK(v.attempts.front().attempt == 31);
    CHECK(v.attempts.back().attempt == 130);
}

TEST_CASE("progress of the live attempt is shown and ends with the next attempt") {
    folding f;
    event_maker e;
    const task_spec t{.id = "a"};
    f.add(e.claim());
    f.add(e.owner(allocation(t, "l1")));
    f.add(e.lease(model::progress{place_of(t), model::task_id{"a"}, model::lease_token{"l1"},
                                  "{\"done\":3}"}));
    CHECK(f.task("a").progress_json == "{\"done\":3}");
    f.add(e.lease(model::released{place_of(t), model::task_id{"a"}, model::lease_token{"l1"},
                                  milliseconds{0}}));
    f.add(e.owner(allocation(t, "l2", 2)));
    CHECK(f.task("a").progress_json.empty());
}

TEST_CASE("cancel of a job counts at once; tags and lists follow by the sweep") {
    folding f;
    event_maker e;
    f.add(e.claim());
    std::vector<task_spec> tasks;
    for (int i = 0; i < 30; ++i) {
        tasks.push_back({.id = "t" + std::to_string(i), .offset = i, .tags = {"x"}});
        f.add(record_of(tasks.back()));
    }
    f.add(e.owner(allocation(tasks[0], "l0")));
    f.add(e.owner(allocation(tasks[1], "l1")));
    f.add(e.lease(completion(tasks[1], "l1")));
    // The job's last ten tasks came after the command was given.
    f.add(e.owner(command(model::control_action::cancel_job, "j", {end_at(20)})));

    auto job = f.job("j");
    CHECK(count(job.counts, task_state::cancelled) == 19);
    CHECK(count(job.counts, task_state::pending) == 10);
    CHECK(count(job.counts, task_state::complete) == 1);
    CHECK(job.settling == 19);
    CHECK(f.ask->overall().counts == job.counts);
    CHECK(f.task("t0").state == task_state::cancelled);
    CHECK(f.task("t0").cancel_reason == "job_cancelled");
    CHECK(f.task("t0").attempts.at(0).ended == model::outcome::cancelled);
    CHECK(f.task("t25").state == task_state::pending);
    CHECK(count(f.tag("x").counts, task_state::cancelled) == 0);
    task_filter pending;
    pending.state = task_state::pending;
    CHECK(f.ask->tasks(pending).value().items.size() == 10);

    f.commit_and_reopen();
    f.sweep_all();
    job = f.job("j");
    CHECK(job.settling == 0);
    CHECK(f.tag("x").counts == job.counts);
    REQUIRE(job.tags.size() == 1);
    CHECK(job.tags[0].second == job.counts);
    task_filter cancelled;
    cancelled.state = task_state::cancelled;
    CHECK(f.ask->tasks(cancelled).value().items.size() == 19);
}

TEST_CASE("a sweep of more rows than are read at once looks at each of them") {
    constexpr int many = 4'500;
    folding f;
    event_maker e;
    f.add(e.claim());
    for (int i = 0; i < many; ++i) {
        // All of the first half came at once.
        f.add(record_of({.id = "t" + std::to_string(i),
                         .offset = i,
                         .tags = {"x"},
                         .submitted_at = 1'000 + std::max(0, i - many / 2)}));
    }
    f.add(e.owner(command(model::control_action::cancel_job, "j", {end_at(many)})));
    auto& sweeps = f.folder->open_sweeps();
    while (sweeps.settling() > many / 3) {
        REQUIRE(sweeps.advance(128));
    }
    f.commit_and_reopen();  // what was read ahead is read again
    while (f.folder->open_sweeps().advance(128)) {
    }
    CHECK(count(f.tag("x").counts, task_state::cancelled) == many);
    CHECK(count(f.tag("x").counts, task_state::pending) == 0);
    CHECK(f.job("j").settling == 0);
}

TEST_CASE("a record below a cancel's end that is read later is cancelled when it is read") {
    folding f;
    event_maker e;
    f.add(e.claim());
    f.add(e.owner(command(model::control_action::cancel_job, "j", {end_at(1)})));
    f.add(record_of({.id = "old", .offset = 0, .tags = {"x"}}));
    f.add(record_of({.id = "new", .offset = 1, .tags = {"x"}}));
    CHECK(f.task("old").state == task_state::cancelled);
    CHECK(f.task("new").state == task_state::pending);
    CHECK(count(f.tag("x").counts, task_state::cancelled) == 1);
    CHECK(count(f.job("j").counts, task_state::pending) == 1);
}

TEST_CASE("retry of a job brings its dead letters back, and only those") {
    folding f;
    event_maker e;
    f.add(e.claim());
    const task_spec dead{.id = "dead", .offset = 0, .tags = {"x"}};
    const task_spec done{.id = "done", .offset = 1};
    f.add(e.owner(allocation(dead, "l1")));
    f.add(e.lease(failure(dead, "l1", "bad", false)));
    f.add(e.owner(allocation(done, "l2")));
    f.add(e.lease(completion(done, "l2")));
    f.add(e.owner(command(model::control_action::retry_job, "j", {})));
    CHECK(f.task("dead").state == task_state::pending);
    CHECK(f.task("dead").spent == 0);
    CHECK(f.task("dead").last_error == "bad");
    CHECK(count(f.job("j").counts, task_state::pending) == 1);
    CHECK(count(f.job("j").counts, task_state::error) == 0);
    e.pass(100);
    f.add(e.owner(allocation(dead, "l3", 2)));
    CHECK(count(f.tag("x").counts, task_state::allocated) == 1);
    CHECK(count(f.tag("x").counts, task_state::error) == 0);
    f.sweep_all();
    CHECK(count(f.tag("x").counts, task_state::allocated) == 1);
    CHECK(f.job("j").settling == 0);
}

TEST_CASE("emptying a queue cancels what waits in it, of all jobs, and nothing that runs") {
    folding f;
    event_maker e;
    f.add(e.claim());
    const task_spec out{.id = "out", .offset = 0, .job = "j1"};
    f.add(record_of(out));
    f.add(record_of({.id = "in1", .offset = 1, .job = "j1", .tags = {"x"}}));
    f.add(record_of({.id = "in2", .offset = 2, .job = "j2", .tags = {"x"}}));
    f.add(record_of({.id = "other", .offset = 0, .job = "j2", .queue = "other"}));
    f.add(e.owner(allocation(out, "l1")));
    f.add(e.owner(command(model::control_action::empty_queue, "default", {end_at(3)})));
    CHECK(f.task("out").state == task_state::allocated);
    CHECK(f.task("in1").cancel_reason == "queue_emptied");
    CHECK(f.task("other").state == task_state::pending);
    CHECK(count(f.job("j1").counts, task_state::cancelled) == 1);
    CHECK(count(f.job("j2").counts, task_state::cancelled) == 1);
    CHECK(count(f.ask->overall().counts, task_state::cancelled) == 2);
    f.sweep_all();
    CHECK(count(f.tag("x").counts, task_state::cancelled) == 2);
}

TEST_CASE("a task that was moved is counted at its new priority, whichever of both is read first") {
    for (const bool record_first : {true, false}) {
        folding f;
        event_maker e;
        f.add(e.claim());
        const task_spec t{.id = "t", .offset = 3, .tags = {"x"}, .submitted_at = 900'000};
        const auto move = e.owner(
            model::moved{place_of(t), model::task_id{"t"}, model::priority{8}, intro_of(t)});
        if (record_first) {
            f.add(record_of(t));
            f.add(move);
        } else {
            f.add(move);
            f.add(record_of(t));
        }
        f.commit_and_reopen();
        CHECK(f.task("t").priority() == model::priority{8});
        CHECK(f.task("t").place == place_of(t));
        CHECK(f.task("t").state == task_state::pending);
        CHECK(f.task("t").submitted_at == instant{900'000});
        CHECK(count(f.job("j").counts, task_state::pending) == 1);
        CHECK(count(f.tag("x").counts, task_state::pending) == 1);
        const auto queues = f.ask->queues({});
        REQUIRE(queues.size() == 2);
        CHECK(count(queues[0].counts, task_state::pending) == 0);
        CHECK(queues[1].priority == model::priority{8});
        CHECK(count(queues[1].counts, task_state::pending) == 1);
    }
}

TEST_CASE("emptying a priority cancels what is served there, wherever it was submitted") {
    folding f;
    event_maker e;
    f.add(e.claim());
    const task_spec came{.id = "came", .offset = 0, .job = "j1"};
    const task_spec left{.id = "left", .offset = 0, .priority = 8, .job = "j1"};
    f.add(record_of(came));
    f.add(record_of(left));
    f.add(record_of({.id = "stays", .offset = 1, .job = "j1"}));
    f.add(record_of({.id = "goes", .offset = 1, .priority = 8, .job = "j2"}));
    f.add(e.owner(
        model::moved{place_of(came), model::task_id{"came"}, model::priority{8}, intro_of(came)}));
    f.add(e.owner(
        model::moved{place_of(left), model::task_id{"left"}, model::priority{5}, intro_of(left)}));
    auto c = command(model::control_action::empty_queue, "default", {end_at(2), end_at(2, 8)});
    c.priority = model::priority{8};
    f.add(e.owner(c));
    for (const auto* id : {"came", "goes"}) {
        CHECK(f.task(id).state == task_state::cancelled);
    }
    for (const auto* id : {"left", "stays"}) {
        CHECK(f.task(id).state == task_state::pending);
    }
    CHECK(count(f.job("j1").counts, task_state::cancelled) == 1);
    CHECK(count(f.job("j2").counts, task_state::cancelled) == 1);
    CHECK(count(f.ask->overall().counts, task_state::pending) == 2);
}

TEST_CASE("an id settled before the horizon is free for another task") {
    folding f;
    event_maker e;
    const task_spec first{.id = "a", .offset = 0};
    const task_spec second{.id = "a", .offset = 1};
    f.add(e.claim());
    f.add(e.owner(allocation(first, "l1")));
    f.add(e.lease(completion(first, "l1")));
    e.pass(10);
    f.add(e.owner(allocation(second, "l2")));
    CHECK(f.data->totals.void_events == 1);
    f.add(e.owner(model::horizon{instant{e.now()}}));
    f.add(e.owner(allocation(second, "l3")));
    CHECK(f.task("a").place == place_of(second));
    CHECK(f.task("a").state == task_state::allocated);
}

TEST_CASE("a job is not idle while follow-ups of a completion are still to be submitted") {
    folding f;
    event_maker e;
    const task_spec parent{.id = "a"};
    const task_spec child{.id = "b", .offset = 1};
    f.add(e.claim());
    f.add(record_of(parent));
    f.add(e.owner(allocation(parent, "l1")));
    auto then = record_of(child).body;
    const auto completed = e.offset();
    f.add(e.lease(model::complete{
        place_of(parent), model::task_id{"a"}, model::lease_token{"l1"}, "", {then}}));
    CHECK(f.job("j").following);
    CHECK_FALSE(f.ask->is_idle(model::job_name{"j"}));
    f.commit_and_reopen();
    CHECK_FALSE(f.ask->is_idle(model::job_name{"j"}));
    f.add(record_of(child));
    f.add(e.owner(model::followed{model::offset{completed}}));
    CHECK_FALSE(f.job("j").following);
    CHECK_FALSE(f.ask->is_idle(model::job_name{"j"}));
    f.add(e.owner(allocation(child, "l2")));
    f.add(e.lease(
        model::complete{place_of(child), model::task_id{"b"}, model::lease_token{"l2"}, "", {}}));
    CHECK(f.ask->is_idle(model::job_name{"j"}));
}

TEST_CASE("who waits is told which tasks and jobs changed") {
    folding f;
    event_maker e;
    f.add(e.claim());
    f.folder->collect_changes(true);
    f.add(record_of({.id = "a"}));
    const auto changes = f.folder->take_changes();
    CHECK(changes.tasks.contains(model::task_id{"a"}));
    CHECK(changes.jobs.size() == 1);
    CHECK(f.folder->take_changes().tasks.empty());
}

TEST_CASE("the oldest pending task of each queue and priority is estimated") {
    folding f;
    event_maker e;
    f.add(e.claim());
    const task_spec first{.id = "a", .offset = 0, .submitted_at = 100};
    f.add(record_of(first));
    f.add(record_of({.id = "b", .offset = 1, .submitted_at = 200}));
    f.add(e.owner(allocation(first, "l1")));
    const auto queues = f.ask->queues({{model::queue_name{"default"}, 9}});
    REQUIRE(queues.size() == 9);
    CHECK(queues[4].oldest_pending_at == instant{200});
    CHECK(count(queues[4].counts, task_state::allocated) == 1);
    CHECK_FALSE(queues[0].oldest_pending_at.has_value());
}
