#include "api_fixture.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::rest::testing;
using Catch::Contains;

namespace {

scheduler::granted_lease some_lease(const std::string& token) {
    model::stored_task t{
        .place = {model::queue_name{"default"}, model::priority{7}, model::offset{3}},
        .submitted_at = instant{1'000},
        .body = {}};
    t.body.id = model::task_id{"t1"};
    t.body.payload = R"({"n": 1})";
    t.body.tags = {model::tag_name{"a:b"}};
    t.body.priority = t.place.priority;
    return {.lease = model::lease_token{token},
            .deadline = instant{61'000},
            .attempt = 2,
            // Shared with the scheduler's buffer, as the real one is.
            .task = std::make_shared<const model::stored_task>(t)};
}

}  // namespace

TEST_CASE("a poll is passed on as it was asked, and its answer told in one form") {
    api_fixture f;
    f.scheduler.poll_answer =
        scheduler::poll_answer{.leases = {some_lease("L1")},
                               .settled = {{.lease = model::lease_token{"L0"},
                                            .status = scheduler::settle_status::lease_lost}},
                               .directive = scheduler::directive::drain};
    const auto r = f.ask("POST", "/kwq/v1/leases", R"({"worker":"http://w:1/x","max":3,"wait_s":2.5,
        "queues":["a","b"],"affinity":["curve=USD"],
        "settle":[{"lease":"L0","outcome":"complete","result":{"x": 1}},
                  {"lease":"L2","outcome":"error","message":"no","retry":false},
                  {"lease":"L3","outcome":"release","delay_s":1}]})");
    CHECK(r.status == 200);
    CHECK(r.body ==
          R"({"leases":[{"lease":"L1","deadline_at":61000,"attempt":2,"task":{"id":"t1",)"
          R"("queue":"default","job":"default","tags":["a:b"],"priority":7,"submitted_at":1000,)"
          R"("lease_s":60,"max_attempts":4,"backoff_s":5,"payload":{"n": 1}}}],)"
          R"("settled":[{"lease":"L0","status":"lease_lost"}],"directive":"drain"})");
    REQUIRE(f.scheduler.polls.size() == 1);
    const auto& p = f.scheduler.polls[0];
    CHECK(p.worker.value() == "http://w:1/x");
    CHECK(p.queues == std::vector{model::queue_name{"a"}, model::queue_name{"b"}});
    CHECK(p.max == 3);
    CHECK(p.wait == milliseconds{2'500});
    CHECK(p.affinity == std::vector<std::string>{"curve=USD"});
    REQUIRE(p.settle.size() == 3);
    CHECK(std::get<scheduler::report_complete>(p.settle[0].what).result_json == R"({"x": 1})");
    CHECK_FALSE(std::get<scheduler::report_error>(p.settle[1].what).retry);
    CHECK(std::get<scheduler::report_release>(p.settle[2].what).delay == milliseconds{1'000});
}

TEST_CASE("a poll that is wrong is refused with the field, and takes nothing") {
    api_fixture f;
    const auto wrong = [&](const std::string& body) {
        const auto r = f.ask("POST", "/kwq/v1/leases", body);
        CHECK(r.status == 400);
        return r.body;
    };
    CHECK_THAT(wrong(R"({})"), Contains("/worker"));
    CHECK_THAT(wrong(R"({"worker":"w","max":0})"), Contains("/max"));
    CHECK_THAT(wrong(R"({"worker":"w","max":1001})"), Contains("/max"));
    CHECK_THAT(wrong(R"({"worker":"w","wait_s":31})"), Contains("/wait_s"));
    CHECK_THAT(wrong(R"({"worker":"w","queues":["A b"]})"), Contains("/queues"));
    CHECK_THAT(wrong(R"({"worker":"w","settle":[{"lease":"x","outcome":"done"}]})"),
               Contains("/settle/0/outcome"));
    CHECK_THAT(wrong("{"), Contains("bad_request"));
    CHECK(f.scheduler.polls.empty());
}

TEST_CASE("a client that goes while it waits abandons its poll") {
    api_fixture f;
    f.scheduler.holds_polls = true;
    const auto to = f.begin("POST", "/kwq/v1/leases", R"({"worker":"w","wait_s":20})");
    CHECK_FALSE(to->answered());
    to->client_goes();
    CHECK(f.scheduler.abandoned == std::vector<scheduler::poll_ticket>{1});
    // What was on its way to it goes back; the loop has done so once it has stopped.
    f.scheduler.waiting(scheduler::poll_answer{
        .leases = {some_lease("L1")}, .settled = {}, .directive = scheduler::directive::run});
    f.api->stop();
    CHECK(f.scheduler.given_back == std::vector{model::lease_token{"L1"}});
    CHECK_FALSE(to->answered());
}

TEST_CASE("leases whose answer is not written in full go back") {
    api_fixture f;
    f.scheduler.poll_answer = scheduler::poll_answer{
        .leases = {some_lease("L1")}, .settled = {}, .directive = scheduler::directive::run};
    const auto written = f.begin("POST", "/kwq/v1/leases", R"({"worker":"w"})");
    written->wait();
    written->written(true);
    CHECK(f.scheduler.given_back.empty());
    const auto lost = f.begin("POST", "/kwq/v1/leases", R"({"worker":"w"})");
    lost->wait();
    lost->written(false);
    CHECK(f.scheduler.given_back == std::vector{model::lease_token{"L1"}});
}

TEST_CASE("reports are passed on and their verdicts told") {
    api_fixture f;
    const auto status = [&](scheduler::settle_status s) {
        f.scheduler.verdict = s;
        const auto r = f.ask("POST", "/kwq/v1/leases/L1/complete", R"({"result":[1, 2]})");
        return std::to_string(r.status) + " " + code_of(r);
    };
    CHECK(status(scheduler::settle_status::ok) == "200 ");
    CHECK(status(scheduler::settle_status::already) == "200 ");
    CHECK(status(scheduler::settle_status::lease_lost) == "409 lease_lost");
    CHECK(status(scheduler::settle_status::conflict) == "409 outcome_conflict");
    CHECK(status(scheduler::settle_status::unknown) == "503 outcome_unknown");
    CHECK(std::get<scheduler::report_complete>(f.scheduler.reports[0].what).result_json ==
          "[1, 2]");
    f.scheduler.verdict = model::error{model::errc::lease_lost, "gone", {}};
    CHECK(f.ask("POST", "/kwq/v1/leases/L1/running").status == 409);
    CHECK(f.ask("POST", "/kwq/v1/leases/L%201/running").status == 400);
    CHECK(f.ask("POST", "/kwq/v1/leases/L1/complete", "{").status == 400);
    CHECK(f.ask("POST", "/kwq/v1/leases/L1/complete", "{}", {{"content-type", "text/plain"}})
              .status == 415);
}

TEST_CASE("a result over the limit ends the task as a final error") {
    api_fixture f;
    const std::string big = "{\"result\":\"" + std::string(70'000, 'x') + "\"}";
    const auto r = f.ask("POST", "/kwq/v1/leases/L1/complete", big);
    CHECK(r.status == 413);
    REQUIRE(f.scheduler.reports.size() == 1);
    const auto& e = std::get<scheduler::report_error>(f.scheduler.reports[0].what);
    CHECK_FALSE(e.retry);
    CHECK_THAT(e.message, Contains("result_too_large"));
}

TEST_CASE("follow-ups are read as tasks, and a bad one refuses the completion") {
    api_fixture f;
    CHECK(f.ask("POST", "/kwq/v1/leases/L1/complete",
                R"({"then":[{"payload":1,"priority":50},{"payload":2,"id":"c"}]})")
              .status == 200);
    const auto& then = std::get<scheduler::report_complete>(f.scheduler.reports[0].what).then;
    REQUIRE(then.size() == 2);
    CHECK(then[0].id.value().empty());
    CHECK(then[0].priority.value() == 9);
    CHECK(then[1].id.value() == "c");
    const auto bad =
        f.ask("POST", "/kwq/v1/leases/L1/complete", R"({"then":[{"payload":1,"queue":"no"}]})");
    CHECK(bad.status == 404);
    CHECK_THAT(bad.body, Contains("/then/0/queue"));
    CHECK(f.scheduler.reports.size() == 1);
}

TEST_CASE("heartbeats keep one lease or many, with progress") {
    api_fixture f;
    const auto one = f.ask("POST", "/kwq/v1/leases/L1/heartbeat", R"({"progress":{"done": 3}})");
    CHECK(one.body == R"({"deadline_at":5000,"directive":"continue"})");
    CHECK(f.scheduler.beats[0].progress_json == R"({"done": 3})");
    const auto many = f.ask("POST", "/kwq/v1/leases/heartbeat",
                            R"({"leases":["L1",{"lease":"L2","progress":4}]})");
    CHECK(many.body == R"({"leases":[{"lease":"L1","status":"ok","deadline_at":5000,)"
                       R"("directive":"continue"},{"lease":"L2","status":"ok",)"
                       R"("deadline_at":5000,"directive":"continue"}]})");
    CHECK(f.scheduler.beats[1].progress_json == "4");
    f.scheduler.lives = false;
    CHECK(f.ask("POST", "/kwq/v1/leases/L1/heartbeat").status == 409);
    CHECK(f.ask("POST", "/kwq/v1/leases/heartbeat", R"({"leases":["L1"]})").body ==
          R"({"leases":[{"lease":"L1","status":"lease_lost"}]})");
    CHECK(f.ask("POST", "/kwq/v1/leases/heartbeat", R"({"leases":[]})").status == 400);
    f.scheduler.knows = false;
    CHECK(f.ask("POST", "/kwq/v1/leases/L1/heartbeat").status == 503);
    CHECK(f.ask("POST", "/kwq/v1/leases/heartbeat", R"({"leases":["L1"]})").body ==
          R"({"leases":[{"lease":"L1","status":"unknown"}]})");
}

TEST_CASE("the leases and the workers are listed") {
    api_fixture f;
    CHECK(f.ask("GET", "/kwq/v1/leases").status == 400);
    CHECK(f.ask("GET", "/kwq/v1/leases?worker=w%201").body == R"({"items":[]})");
    f.scheduler.known_workers = {{.worker = model::worker_name{"w"},
                                  .queues = {model::queue_name{"default"}},
                                  .leases = 1,
                                  .taken = 2,
                                  .completed = 1,
                                  .failed = 0,
                                  .first_seen = instant{1},
                                  .last_seen = instant{2},
                                  .waiting = true}};
    CHECK(f.ask("GET", "/kwq/v1/workers").body ==
          R"({"items":[{"worker":"w","queues":["default"],"leases":1,"taken":2,"completed":1,)"
          R"("failed":0,"errors":0,"rate_per_s":0,"first_seen_at":1,"last_seen_at":2,)"
          R"("waiting":true,"current":[]}]})");
}

TEST_CASE("a simulation submits its own job to its own queue, in turn over the priorities") {
    api_fixture f;
    f.scheduler.holds_polls = true;
    const auto r = f.ask("POST", "/kwq/v1/simulations", R"({"tasks":7,"workers":1,"seconds":0})");
    CHECK(r.status == 202);
    const std::string id(parse(r).root().find("id")->string());
    CHECK(f.ask("POST", "/kwq/v1/simulations", R"({"tasks":1})").status == 429);
    CHECK(f.ask("GET", "/kwq/v1/simulations/" + id).status == 200);
    CHECK(f.ask("GET", "/kwq/v1/simulations/none").status == 404);
    CHECK(f.ask("POST", "/kwq/v1/simulations", R"({"tasks":0})").status == 400);
    f.api->stop();
    CHECK(f.log.all("kwq-sim-1").size() == 2);
    CHECK(f.log.all("kwq-sim-5").size() == 1);
    CHECK_THAT(f.log.all("kwq-sim-1")[0].value, Contains("\"job\":\"" + id + "\""));
    REQUIRE(!f.scheduler.polls.empty());
    CHECK(f.scheduler.polls[0].queues == std::vector{model::queue_name{"sim"}});
}
