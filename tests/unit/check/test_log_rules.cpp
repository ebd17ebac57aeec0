// Each rule broken by a log written by hand, one at a time, and named at the right event.
#include "hand_log.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::check;
using namespace kwq::check::test;
using model::offset;

namespace {

const model::queue_name queue{"default"};
const model::priority five{5};

model::job_name job(const char* name) {
    return model::job_name{name};
}

}  // namespace

TEST_CASE("a task's whole life breaks no rule") {
    hand_log log;
    const auto a = log.task_named("a", R"(,"lease_s":1,"backoff_s":1,"max_attempts":2)");
    log.claim();
    log.report(model::running{a, log.id(a), log.allocate(a)});
    log.owner(model::lease_expired{a, log.id(a), log.lease_for(a, 1)}, milliseconds{10});
    const auto report = test::check(log);
    CHECK(report.voids == std::vector<std::pair<std::string, std::uint64_t>>{{"lease_lost", 1}});
    CHECK(first_finding(report) == "clean");
    CHECK(report.states[static_cast<std::size_t>(model::task_state::running)] == 1);
}

TEST_CASE("retries, release, death and retry of the dead are followed") {
    hand_log log;
    const auto a = log.task_named("a", R"(,"lease_s":1,"backoff_s":2,"max_attempts":2)");
    log.claim();
    auto lease = log.allocate(a);
    log.owner(model::lease_expired{a, log.id(a), lease}, milliseconds{1'000});
    log.owner(model::ready{a, log.id(a), model::ready_reason::due}, milliseconds{2'000});
    lease = log.allocate(a);
    log.report(model::released{a, log.id(a), lease, milliseconds{0}});
    lease = log.allocate(a);
    log.report(model::task_error{a, log.id(a), lease, "no"});
    log.owner(model::ready{a, log.id(a), model::ready_reason::retry});
    lease = log.allocate(a);
    log.complete(a, lease);
    log.complete(a, lease);
    const auto report = test::check(log);
    CHECK(first_finding(report) == "clean");
    CHECK(report.states[static_cast<std::size_t>(model::task_state::complete)] == 1);
    CHECK(report.voids == std::vector<std::pair<std::string, std::uint64_t>>{{"already", 1}});
}

TEST_CASE("S1: a cursor that passes a waiting task loses it") {
    hand_log log;
    const auto a = log.task_named("a");
    log.task_named("b");
    log.claim();
    log.allocate(a);
    log.owner(model::cursor{queue, five, offset{1}, {}});
    CHECK(first_finding(test::check(log)) == "clean");
    log.owner(model::cursor{queue, five, offset{2}, {}});
    CHECK(first_finding(test::check(log)) == "S1 cursor@3");
}

TEST_CASE("S1: a returned task that is dropped before it has ended is lost") {
    hand_log log;
    const auto a = log.task_named("a");
    log.claim();
    const auto lease = log.allocate(a);
    log.report(model::released{a, log.id(a), lease, milliseconds{0}});
    log.owner(model::cursor{queue, five, std::nullopt, {{offset{0}, offset{1}}}});
    CHECK(first_finding(test::check(log)) == "S1 cursor@3");
}

TEST_CASE("S1: a task that can be read must not be set aside") {
    hand_log log;
    const auto bad = log.task(R"({"id":"a"})");
    const auto good = log.task_named("b");
    log.claim();
    log.owner(model::rejected{bad, "payload is missing"});
    CHECK(first_finding(test::check(log)) == "clean");
    log.owner(model::rejected{good, "?"});
    CHECK(first_finding(test::check(log)) == "S1 rejected@2");
}

TEST_CASE("S1: a follow-up that was never submitted is lost once all are said to be") {
    hand_log log;
    const auto a = log.task_named("a");
    log.claim();
    model::task child;
    child.id = model::task_id{"child"};
    child.payload = "1";
    log.complete(a, log.allocate(a), {child});
    CHECK(test::check(log).unfollowed == 1);
    log.owner(model::followed{offset{2}});
    CHECK(first_finding(test::check(log)) == "S1 complete@2");
    log.set_aside("child");
    CHECK(first_finding(test::check(log)) == "clean");
}

TEST_CASE("S2: an event about a record that is not there, or of another id") {
    hand_log log;
    const auto a = log.task_named("a");
    log.claim();
    SECTION("not there") {
        const model::record nowhere{queue, five, offset{9}};
        log.owner(model::cancelled{nowhere, log.id(a), {}, log.intro(a)});
    }
    SECTION("another id") {
        log.owner(model::cancelled{a, model::task_id{"b"}, {}, log.intro(a)});
    }
    CHECK(first_finding(test::check(log)) == "S2 cancelled@1");
}

TEST_CASE("S2: a control that nobody commanded, or another than commanded") {
    hand_log log;
    log.task_named("a");
    log.command(
        {model::control_action::cancel_job, job("default"), {}, {}, {{{queue, five, offset{1}}}}});
    log.claim();
    model::control c{offset{0}, model::control_action::cancel_job, job("default"), {},
                     {},        {{queue, five, offset{1}}}};
    SECTION("as commanded") {
        log.owner(c);
        const auto report = test::check(log);
        CHECK(first_finding(report) == "clean");
        CHECK(report.states[static_cast<std::size_t>(model::task_state::cancelled)] == 1);
    }
    SECTION("another") {
        c.job = job("other");
        log.owner(c);
        CHECK(first_finding(test::check(log)) == "S2 control@1");
    }
    SECTION("none") {
        c.control_offset = offset{1};
        log.owner(c);
        CHECK(first_finding(test::check(log)) == "S2 control@1");
    }
}

TEST_CASE("S3: a duplicate of an id that no other record has, or that another one has") {
    hand_log log;
    const auto a = log.task_named("a");
    const auto again = log.task_named("a");
    const auto b = log.task_named("b");
    log.claim();
    log.allocate(a);
    SECTION("right") {
        log.owner(model::duplicate{again, log.id(a), a});
        const auto report = test::check(log);
        CHECK(first_finding(report) == "clean");
        CHECK(report.duplicates == 1);
    }
    SECTION("no other") {
        log.owner(model::duplicate{b, log.id(b), a});
        CHECK(first_finding(test::check(log)) == "S3 duplicate@2");
    }
    SECTION("another") {
        log.owner(model::duplicate{again, log.id(a), b});
        CHECK(first_finding(test::check(log)) == "S3 duplicate@2");
    }
}

TEST_CASE("S4: a first event must tell of its record what it says") {
    hand_log log;
    const auto a = log.task_named("a");
    log.claim();
    auto e = log.allocation(a, log.lease_for(a, 1), 1);
    e.intro->limits.max_attempts = 9;
    log.owner(e);
    CHECK(first_finding(test::check(log)) == "S4 allocated@1");
}

TEST_CASE("S5: a leased task must not be handed out") {
    hand_log log;
    const auto a = log.task_named("a");
    log.claim();
    log.allocate(a);
    log.allocate(a);
    CHECK(first_finding(test::check(log)) == "S5 allocated@2");
}

TEST_CASE("S6: a report on a lease that no event gave out") {
    hand_log log;
    const auto a = log.task_named("a");
    log.claim();
    log.report(model::running{a, log.id(a), log.lease_for(a, 1)});
    CHECK(first_finding(test::check(log)) == "S6 running@1");
}

TEST_CASE("S7: a lease names its own task, counts up, and so do attempts") {
    hand_log log;
    const auto a = log.task_named("a");
    const auto b = log.task_named("b");
    log.claim();
    SECTION("of another task") {
        log.owner(log.allocation(a, log.lease_for(b, 1), 1));
    }
    SECTION("of another attempt") {
        log.owner(log.allocation(a, log.lease_for(a, 2), 1));
    }
    SECTION("a number again") {
        const auto first = log.lease_for(a, 1);
        log.owner(log.allocation(b, log.lease_for(b, 1), 1));
        log.owner(log.allocation(a, first, 1));
        CHECK(first_finding(test::check(log)) == "S7 allocated@2");
        return;
    }
    SECTION("an attempt left out") {
        auto e = log.allocation(a, log.lease_for(a, 2), 2);
        e.intro = log.intro(a);
        log.owner(e);
    }
    CHECK(first_finding(test::check(log)) == "S7 allocated@1");
}

TEST_CASE("S11: what does not wait is not parked, and only completions are followed") {
    hand_log log;
    const auto a = log.task_named("a");
    log.task_named("b", R"(,"job":"j")");
    log.claim();
    log.allocate(a);
    SECTION("leased") {
        log.owner(model::parked{a, log.id(a), log.now(), std::nullopt});
    }
    SECTION("of another job") {
        log.owner(model::parked_ranges{queue, five, job("k"), {{offset{1}, offset{2}}}});
    }
    SECTION("leased, in a range") {
        log.owner(model::parked_ranges{queue, five, job("default"), {{offset{0}, offset{1}}}});
    }
    SECTION("followed") {
        log.owner(model::followed{offset{1}});
    }
    SECTION("expired that does not expire") {
        log.owner(model::cancelled{a, log.id(a), model::cancel_reason::expired, std::nullopt});
    }
    const auto report = test::check(log);
    CHECK(first_finding(report).starts_with("S11 "));
    CHECK(first_finding(report).ends_with("@2"));
}

TEST_CASE("S12: an owner without a claim") {
    hand_log log;
    const auto a = log.task_named("a");
    log.claim();
    model::event e{log.now(), model::owner_stamp{offset{7}, milliseconds{1}},
                   log.allocation(a, log.lease_for(a, 1), 1)};
    log.raw_event(codec::write_event(e));
    CHECK(first_finding(test::check(log)) == "S12 allocated@1");
}

TEST_CASE("an owner that has been replaced breaks no rule: its events are void") {
    hand_log log;
    const auto a = log.task_named("a");
    log.claim();
    const model::event late{log.now(), log.stamp(), log.allocation(a, log.lease_for(a, 1), 1)};
    log.claim();
    log.raw_event(codec::write_event(late));
    log.allocate(a);
    const auto report = test::check(log);
    CHECK(first_finding(report) == "clean");
    CHECK(report.voids == std::vector<std::pair<std::string, std::uint64_t>>{{"stale_epoch", 1}});
}

TEST_CASE("S13: a lease lasts its time, and after a new claim a fresh one") {
    hand_log log;
    const auto a = log.task_named("a", R"(,"lease_s":10)");
    log.claim();
    const auto lease = log.allocate(a);
    SECTION("too early") {
        log.owner(model::lease_expired{a, log.id(a), lease}, milliseconds{9'999});
        CHECK(first_finding(test::check(log)) == "S13 lease_expired@2");
    }
    SECTION("in time") {
        log.owner(model::lease_expired{a, log.id(a), lease}, milliseconds{10'000});
        CHECK(first_finding(test::check(log)) == "clean");
    }
    SECTION("of another owner, too early") {
        log.pass(milliseconds{9'000});
        log.claim();
        log.owner(model::lease_expired{a, log.id(a), lease}, milliseconds{9'999});
        CHECK(first_finding(test::check(log)) == "S13 lease_expired@3");
    }
}

TEST_CASE("S14: a dead task is handed out only after a retry") {
    hand_log log;
    const auto a = log.task_named("a", R"(,"max_attempts":1)");
    log.claim();
    const auto lease = log.allocate(a);
    log.report(model::task_error{a, log.id(a), lease, "no"});
    log.allocate(a);
    CHECK(first_finding(test::check(log)) == "S14 allocated@3");
}

TEST_CASE("S15: neither not_before nor a back-off is cut short") {
    hand_log log;
    const auto a = log.task_named("a", R"(,"not_before":1700000060000)");
    const auto b = log.task_named("b", R"(,"backoff_s":60)");
    log.claim();
    SECTION("not_before") {
        log.allocate(a);
        CHECK(first_finding(test::check(log)) == "S15 allocated@1");
    }
    SECTION("back-off") {
        log.report(model::task_error{b, log.id(b), log.allocate(b), "no"});
        log.owner(model::ready{b, log.id(b), model::ready_reason::due}, milliseconds{50'000});
        CHECK(first_finding(test::check(log)) == "S15 ready@3");
    }
    SECTION("its time has come") {
        log.pass(milliseconds{60'000});
        log.report(model::task_error{b, log.id(b), log.allocate(b), "no"});
        log.allocate(a);
        log.owner(model::ready{b, log.id(b), model::ready_reason::due}, milliseconds{54'000});
        CHECK(first_finding(test::check(log)) == "clean");
    }
}

TEST_CASE("S20: a record that is missing, or that the log cannot give") {
    hand_log log;
    log.task_named("a");
    log.claim();
    log.claim();
    log.claim();
    SECTION("in the middle") {
        log.records("kwq-status").erase(log.records("kwq-status").begin() + 1);
        CHECK(first_finding(test::check(log)) == "S20 record@1");
    }
    SECTION("none") {
        CHECK(first_finding(test::check(log)) == "clean");
    }
}

TEST_CASE("S24: a cancelled task is not handed out") {
    hand_log log;
    const auto a = log.task_named("a");
    log.claim();
    log.owner(model::cancelled{a, log.id(a), {}, log.intro(a)});
    log.allocate(a);
    CHECK(first_finding(test::check(log)) == "S24 allocated@2");
}

TEST_CASE("an allocation overtaken by the cancel of its job breaks no rule") {
    hand_log log;
    const auto a = log.task_named("a");
    log.command(
        {model::control_action::cancel_job, job("default"), {}, {}, {{{queue, five, offset{1}}}}});
    log.claim();
    log.owner(model::control{offset{0},
                             model::control_action::cancel_job,
                             job("default"),
                             {},
                             {},
                             {{queue, five, offset{1}}}});
    log.allocate(a);
    CHECK(first_finding(test::check(log)) == "clean");
}

TEST_CASE("S26: a horizon in the future forgets what is still to be settled") {
    hand_log log;
    log.claim();
    log.owner(model::horizon{log.now()});
    CHECK(first_finding(test::check(log)) == "clean");
    log.owner(model::horizon{log.now() + milliseconds{5}});
    CHECK(first_finding(test::check(log)) == "S26 horizon@2");
}

TEST_CASE("an id is free again once it is forgotten") {
    hand_log log;
    const auto a = log.task_named("a");
    const auto again = log.task_named("a");
    log.claim();
    log.complete(a, log.allocate(a));
    log.owner(model::horizon{log.now() + milliseconds{1}});
    log.allocate(again);
    CHECK(first_finding(test::check(log)) == "clean");
}

TEST_CASE("a log that was trimmed is judged by what is left of it") {
    hand_log log;
    const auto gone = log.task_named("a");
    const auto again = log.task_named("a");
    const auto later = log.task_named("b");
    log.claim();
    const auto lease = log.allocate(gone);
    log.owner(model::cursor{queue, five, offset{0}, {}});
    log.owner(model::horizon{log.now(), offset{0}});
    log.complete(gone, lease);
    log.owner(model::duplicate{again, log.id(again), gone});
    log.complete(later, log.allocate(later));
    auto& tasks = log.records("kwq-default-5");
    auto& events = log.records("kwq-status");
    SECTION("at a horizon") {
        tasks.erase(tasks.begin(), tasks.begin() + 2);
        events.erase(events.begin(), events.begin() + 3);
        CHECK(first_finding(test::check(log)) == "clean");
    }
    SECTION("anywhere else") {
        tasks.erase(tasks.begin(), tasks.begin() + 2);
        events.erase(events.begin(), events.begin() + 4);
        CHECK(first_finding(test::check(log)) != "clean");
    }
}

TEST_CASE("S27: an owner's time does not go back") {
    hand_log log;
    log.claim();
    log.owner(model::cursor{queue, five, offset{0}, {}}, milliseconds{10});
    log.owner(model::cursor{queue, five, offset{0}, {}}, milliseconds{-1});
    CHECK(first_finding(test::check(log)) == "S27 cursor@2");
}

TEST_CASE("S28: an event of an unknown version; what cannot be read at all is only counted") {
    hand_log log;
    log.raw_event("\xff not JSON");
    log.raw_event(R"({"v":1,"type":"new","at":1})");
    const auto report = test::check(log);
    CHECK(first_finding(report) == "clean");
    CHECK(report.unreadable_events == 2);
    log.raw_event(R"({"v":2,"type":"claim","at":1})");
    CHECK(first_finding(test::check(log)) == "S28 ?@2");
}
