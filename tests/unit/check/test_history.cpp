// Each promise to a caller broken by a history and a log written by hand.
#include "hand_log.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::check;
using namespace kwq::check::test;

namespace {

/// Two lines for each operation, each by a `proc` of its own unless one is given.
class hand_history {
public:
    void did(const std::string& op, const std::string& args, const std::string& type,
             const std::string& body = "null") {
        const auto who = R"({"proc":)" + std::to_string(++proc_) + R"(,"op":")" + op + "\"";
        lines_ += who + R"(,"type":"invoke","args":)" + args + "}\n";
        lines_ += who + R"(,"type":")" + type + R"(","body":)" + body + "}\n";
    }
    void as(int proc) { proc_ = proc - 1; }
    void line(const std::string& text) { lines_ += text; }

    void submitted(const std::string& id, const std::string& type = "ok",
                   const std::string& body = "{}") {
        did("submit", R"({"id":")" + id + R"(","payload":1})", type, body);
    }
    void reported(const model::lease_token& lease, const std::string& outcome,
                  const std::string& type) {
        did("report", R"({"lease":")" + lease.value() + R"(","outcome":")" + outcome + R"("})",
            type);
    }
    void told(const model::lease_token& lease, const std::string& id,
              const std::string& more = R"(,"attempt":1)", const std::string& payload = "1") {
        did("take", "{}", "ok",
            R"({"leases":[{"lease":")" + lease.value() + R"(","task":{"id":")" + id +
                R"(","payload":)" + payload + "}" + more + R"(}],"settled":[]})");
    }
    const std::string& text() const { return lines_; }

private:
    int proc_ = 0;
    std::string lines_;
};

/// One task, complete, and those who did it.
struct one_task {
    hand_log log;
    hand_history history;
    model::record a = log.task_named("a");
    model::lease_token lease = take();

    model::lease_token take() {
        log.claim();
        return log.allocate(a);
    }
    void finish() {
        log.complete(a, lease);
        history.submitted("a");
        history.told(lease, "a");
        history.reported(lease, "complete", "ok");
    }
    std::string first() { return first_finding(test::check(log, history.text())); }
};

}  // namespace

TEST_CASE("a history that the log agrees with") {
    one_task t;
    t.finish();
    t.history.reported(t.lease, "complete", "ok");
    t.history.reported(t.lease, "error", "fail");
    const auto report = test::check(t.log, t.history.text());
    CHECK(first_finding(report) == "clean");
    CHECK(report.operations == 5);
}

TEST_CASE("S1: an acknowledged task that is not in the log; an unknown one may be missing") {
    one_task t;
    t.finish();
    t.history.submitted("maybe", "info");
    t.history.submitted("refused", "fail");
    CHECK(t.first() == "clean");
    t.history.submitted("lost");
    CHECK(t.first() == "S1 submit@12");
}

TEST_CASE("S2: a task that nobody submitted, unless it is a follow-up") {
    one_task t;
    model::task child;
    child.id = model::task_id{"child"};
    child.payload = "1";
    t.log.complete(t.a, t.lease, {child});
    t.history.submitted("a");
    t.history.reported(t.lease, "complete", "info");
    t.log.task_named("child");
    CHECK(t.first() == "clean");
    t.log.task_named("phantom");
    CHECK(t.first() == "S2 submit@-1");
}

TEST_CASE("S4: a payload that is another in the log, or for the worker") {
    one_task t;
    SECTION("in the log") {
        t.history.did("submit", R"({"id":"a","payload":2})", "ok", "{}");
        CHECK(t.first() == "S4 submit@2");
    }
    SECTION("for the worker") {
        t.history.submitted("a");
        t.history.told(t.lease, "a", R"(,"attempt":1)", "2");
        CHECK(t.first() == "S4 take@4");
    }
}

TEST_CASE("S6: a worker was told of a lease that the log does not have") {
    one_task t;
    t.history.submitted("a");
    const auto other = t.log.lease_for(t.a, 2);
    SECTION("not there") {
        t.history.told(other, "a", R"(,"attempt":2)");
        CHECK(t.first() == "S6 take@4");
    }
    SECTION("of another attempt") {
        t.history.told(t.lease, "a", R"(,"attempt":2)");
        CHECK(t.first() == "S6 take@4");
    }
    SECTION("the power was cut") {
        t.history.told(other, "a", R"(,"attempt":2)");
        t.history.line("{\"op\":\"power_cut\"}\n");
        CHECK(t.first() == "clean");
        t.history.told(t.log.lease_for(t.a, 3), "a", R"(,"attempt":3)");
        CHECK(t.first() == "S6 take@7");
    }
}

TEST_CASE("S8: a report acknowledged on a lease that is not in the log") {
    one_task t;
    t.history.submitted("a");
    t.history.reported(t.log.lease_for(t.a, 2), "complete", "ok");
    CHECK(t.first() == "S8 report@4");
}

TEST_CASE("S9: a completion that nobody reported") {
    one_task t;
    t.log.complete(t.a, t.lease);
    t.history.submitted("a");
    CHECK(t.first() == "S9 report@-1");
}

TEST_CASE("S10: the same report acknowledged and refused; another outcome acknowledged") {
    one_task t;
    t.finish();
    SECTION("refused after it was acknowledged") {
        t.history.reported(t.lease, "complete", "fail");
        CHECK(t.first() == "S10 report@8");
    }
    SECTION("another outcome") {
        t.history.reported(t.lease, "release", "ok");
        CHECK(t.first() == "S10 report@8");
    }
    SECTION("acknowledged after it was refused") {
        t.history.reported(t.lease, "error", "fail");
        t.history.reported(t.lease, "error", "ok");
        CHECK(t.first() == "S10 report@10");
    }
    SECTION("in a take") {
        t.history.did("take",
                      R"({"settle":[{"lease":")" + t.lease.value() + R"(","outcome":"complete"}]})",
                      "ok",
                      R"({"leases":[],"settled":[{"lease":")" + t.lease.value() +
                          R"(","status":"lease_lost"}]})");
        CHECK(t.first() == "S10 report@8");
    }
}

TEST_CASE("running may be refused once the lease has ended, though it was acknowledged before") {
    one_task t;
    t.log.report(model::running{t.a, t.log.id(t.a), t.lease});
    t.finish();
    t.history.reported(t.lease, "running", "ok");
    t.history.reported(t.lease, "running", "fail");
    CHECK(t.first() == "clean");
}

TEST_CASE("S18: a job's counts that are not those of the log") {
    one_task t;
    t.finish();
    t.history.did("job", R"({"job":"default","final":true})", "ok", R"({"counts":{"complete":1}})");
    CHECK(t.first() == "clean");
    t.history.did("job", R"({"job":"default"})", "ok", R"({"counts":{"complete":7}})");
    CHECK(t.first() == "clean");
    t.history.did("job", R"({"job":"default","final":true})", "ok", R"({"counts":{"complete":2}})");
    CHECK(t.first() == "S18 job@12");
}

TEST_CASE("S20: a task is not where its submit was told") {
    one_task t;
    t.log.task_named("b");
    const auto at = [](std::int64_t o) {
        const model::record place{model::queue_name{"default"}, model::priority{5},
                                  model::offset{o}};
        return R"({"id":"a","position":")" +
               to_string(model::position{model::shard_id{0}, false, place}) + R"("})";
    };
    t.history.submitted("b");
    t.history.submitted("a", "ok", at(0));
    CHECK(t.first() == "clean");
    t.history.submitted("a", "ok", at(1));
    CHECK(t.first() == "S20 submit@6");
}

TEST_CASE("S21: a caller who sees a task go back") {
    one_task t;
    t.history.submitted("a");
    const auto look = [&](const std::string& state, int attempt) {
        t.history.as(9);
        t.history.did("look", R"({"id":"a"})", "ok",
                      R"({"state":")" + state + R"(","attempt":)" + std::to_string(attempt) + "}");
    };
    look("running", 1);
    look("pending", 1);
    look("complete", 2);
    CHECK(t.first() == "clean");
    SECTION("to an earlier attempt") {
        look("complete", 1);
        CHECK(t.first() == "S21 look@10");
    }
    SECTION("out of complete") {
        look("running", 2);
        CHECK(t.first() == "S21 look@10");
    }
}

TEST_CASE("S22: an acknowledged report or retry that is not in the log") {
    one_task t;
    t.history.submitted("a");
    SECTION("complete") {
        t.history.reported(t.lease, "complete", "ok");
    }
    SECTION("running") {
        t.history.reported(t.lease, "running", "ok");
    }
    SECTION("retry") {
        t.history.did("retry", R"({"id":"a"})", "ok");
    }
    CHECK(test::check(t.log, t.history.text()).found.breaks(rule::told_is_durable) == 1);
    CHECK(t.first().ends_with("@4"));
}

TEST_CASE("S23: what was refused is in the log") {
    one_task t;
    SECTION("a submit") {
        t.history.submitted("a", "fail");
        CHECK(t.first() == "S23 submit@2");
        t.history.submitted("a", "info");
        CHECK(t.first() == "clean");
    }
    SECTION("a completion") {
        t.log.complete(t.a, t.lease);
        t.history.submitted("a");
        t.history.reported(t.lease, "complete", "fail");
        CHECK(t.first() == "S23 report@4");
    }
}

TEST_CASE("S24: a task whose cancel was acknowledged ends cancelled") {
    one_task t;
    t.history.submitted("a");
    t.history.did("cancel", R"({"id":"a"})", "ok");
    CHECK(t.first() == "S24 cancel@4");
    t.log.owner(model::cancelled{t.a, t.log.id(t.a), {}, std::nullopt});
    CHECK(t.first() == "clean");
}

TEST_CASE("an operation without an end may have happened; a torn last line is left out") {
    one_task t;
    t.history.line(R"({"proc":1,"op":"submit","type":"invoke","args":{"id":"a","payload":1}})");
    t.history.line("\n{\"proc\":2,\"op\":\"sub");
    CHECK(t.first() == "clean");
}

TEST_CASE("a history that cannot be read is an error with its line") {
    one_task t;
    std::istringstream lines(
        "{\"proc\":1,\"op\":\"submit\",\"type\":\"ok\"}\n{\"op\":\"power_cut\"}\n");
    const auto report = check_log(t.log, {.history = &lines});
    REQUIRE(report.has_error());
    CHECK_THAT(report.error().detail, Catch::Contains("line 1"));
}
