// Commands over whole jobs and queues: one event, seen by each task when it is looked at.
#include "model/lifecycle.hpp"

#include <catch2/catch.hpp>

namespace kwq::model {

namespace {

const queue_name q{"q"};
const job_name job{"j"};

record at(std::int64_t o, std::int32_t p = 5) {
    return {q, priority{p}, offset{o}};
}

control command_of(control_action action) {
    control c;
    c.action = action;
    if (action == control_action::empty_queue) {
        c.queue = q;
    } else {
        c.job = job;
    }
    c.ends = {{q, priority{5}, offset{100}}, {q, priority{6}, offset{10}}};
    return c;
}

task_facts in(place p, std::int64_t since) {
    task_facts f;
    f.place = p;
    f.since = offset{since};
    f.spent = 2;
    if (p == place::leased) {
        f.lease = lease_token{"l"};
        f.running = true;
    }
    return f;
}

control_ledger ledger_of(std::vector<std::pair<std::int64_t, control_action>> commands) {
    control_ledger ledger;
    for (const auto& [offset_of, action] : commands) {
        ledger.apply(offset{offset_of}, instant{offset_of * 1'000}, command_of(action));
    }
    return ledger;
}

}  // namespace

TEST_CASE("an empty ledger changes nothing") {
    const control_ledger ledger;
    CHECK(ledger.empty());
    CHECK(ledger.effective(at(1), job, in(place::leased, 5)) == in(place::leased, 5));
    CHECK(ledger.last_retry(job) == offset{-1});
    CHECK(ledger.of_job(job) == nullptr);
}

TEST_CASE("a cancelled job takes what waits and what runs, not what has ended") {
    const auto ledger = ledger_of({{50, control_action::cancel_job}});
    for (const auto p : {place::ahead, place::scheduled, place::pending, place::leased}) {
        instant when{0};
        const auto f = ledger.effective(at(1), job, in(p, p == place::ahead ? -1 : 20), &when);
        CHECK(f.place == place::cancelled);
        CHECK(f.since == offset{50});
        CHECK(when == instant{50'000});
    }
    for (const auto p :
         {place::dead, place::complete, place::cancelled, place::duplicate, place::rejected}) {
        CHECK(ledger.effective(at(1), job, in(p, 20)) == in(p, 20));
    }
}

TEST_CASE("a lease that a job's cancel took is lost") {
    const auto ledger = ledger_of({{50, control_action::cancel_job}});
    const auto f = ledger.effective(at(1), job, in(place::leased, 20));
    CHECK(f.last_outcome == outcome::cancelled);
    CHECK(f.lease == lease_token{});
    CHECK_FALSE(f.running);
    const logged_event report{
        offset{60},
        {instant{1}, std::nullopt, complete{at(1), task_id{"a"}, lease_token{"l"}, "", {}}}};
    CHECK(step(f, false, report).verdict.reason == void_reason::lease_lost);
}

TEST_CASE("only the named job is meant, and only what was there at its end") {
    const auto ledger = ledger_of({{50, control_action::cancel_job}});
    CHECK(ledger.effective(at(1), job_name{"other"}, in(place::pending, 20)).place ==
          place::pending);
    CHECK(ledger.effective(at(99), job, task_facts{}).place == place::cancelled);
    CHECK(ledger.effective(at(100), job, task_facts{}).place == place::ahead);
    CHECK(ledger.effective(at(9, 6), job, task_facts{}).place == place::cancelled);
    CHECK(ledger.effective(at(10, 6), job, task_facts{}).place == place::ahead);
    CHECK(ledger.effective(at(1, 7), job, task_facts{}).place == place::ahead);
    const record elsewhere{queue_name{"r"}, priority{5}, offset{1}};
    CHECK(ledger.effective(elsewhere, job, task_facts{}).place == place::ahead);
}

TEST_CASE("a command reaches no task that moved after it") {
    const auto ledger = ledger_of({{50, control_action::cancel_job}});
    CHECK(ledger.effective(at(1), job, in(place::pending, 51)).place == place::pending);
}

TEST_CASE("a retried job brings its dead letters back and nothing else") {
    const auto ledger = ledger_of({{50, control_action::retry_job}});
    const auto f = ledger.effective(at(500), job, in(place::dead, 20));
    CHECK(f.place == place::pending);
    CHECK(f.spent == 0);
    CHECK(f.since == offset{50});
    for (const auto p :
         {place::ahead, place::scheduled, place::leased, place::cancelled, place::complete}) {
        CHECK(ledger.effective(at(1), job, in(p, 20)) == in(p, 20));
    }
    CHECK(ledger.effective(at(1), job, in(place::dead, 51)).place == place::dead);
    CHECK(ledger.last_retry(job) == offset{50});
}

TEST_CASE("commands take effect in their order") {
    const auto retry_first =
        ledger_of({{50, control_action::retry_job}, {60, control_action::cancel_job}});
    CHECK(retry_first.effective(at(1), job, in(place::dead, 20)).place == place::cancelled);
    const auto cancel_first =
        ledger_of({{50, control_action::cancel_job}, {60, control_action::retry_job}});
    CHECK(cancel_first.effective(at(1), job, in(place::dead, 20)).place == place::pending);
    CHECK(cancel_first.effective(at(1), job, in(place::pending, 20)).place == place::cancelled);
    CHECK(cancel_first.of_job(job)->size() == 2);
}

TEST_CASE("commands on the job and on the queue are merged by their place in the log") {
    const auto ledger =
        ledger_of({{40, control_action::empty_queue}, {50, control_action::retry_job}});
    CHECK(ledger.effective(at(1), job, in(place::dead, 20)).place == place::pending);
    const auto other =
        ledger_of({{50, control_action::retry_job}, {60, control_action::empty_queue}});
    CHECK(other.effective(at(1), job, in(place::dead, 20)).place == place::cancelled);
}

TEST_CASE("emptying a queue drops what waits in it and leaves what is leased") {
    const auto ledger = ledger_of({{50, control_action::empty_queue}});
    CHECK(ledger.effective(at(1), job, task_facts{}).place == place::cancelled);
    CHECK(ledger.effective(at(1), job_name{"any"}, in(place::pending, 20)).place ==
          place::cancelled);
    CHECK(ledger.effective(at(1), job, in(place::leased, 20)).place == place::leased);
    CHECK(ledger.effective(at(100), job, task_facts{}).place == place::ahead);
}

TEST_CASE("emptying one priority leaves the others, whatever ends were read") {
    control_ledger ledger;
    control c = command_of(control_action::empty_queue);
    c.priority = priority{6};
    ledger.apply(offset{50}, instant{1}, c);
    CHECK(ledger.effective(at(1, 6), job, task_facts{}).place == place::cancelled);
    CHECK(ledger.effective(at(1, 5), job, task_facts{}).place == place::ahead);
}

}  // namespace kwq::model
