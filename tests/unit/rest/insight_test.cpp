// What only the tracker knows, as JSON and bytes: errors, windows of time, state maps, why a task
// waits.
#include "api_fixture.hpp"
#include "rest/task_answer.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::rest;
using namespace kwq::rest::testing;
using Catch::Contains;

namespace {

tracker::error_view some_errors() {
    tracker::error_view e;
    e.error = tracker::error_fingerprint{0xabc};
    e.sums = {.count = 7, .tasks = 2, .first_at = instant{10}, .last_at = instant{20}};
    e.detail.message = "disk # full";
    e.detail.add({model::task_id{"t1"}, instant{20}, model::worker_name{"w"}, "disk 4 full"});
    e.jobs = {{"a", 4}, {"b", 3}};
    return e;
}

std::vector<std::string> codes(const tracker::task_view& t, const waiting_reasons& known) {
    std::vector<std::string> out;
    for (const auto& r : why_waiting(t, known)) {
        out.emplace_back(r.code);
    }
    return out;
}

}  // namespace

TEST_CASE("error groups are shown with what is known of them") {
    api_fixture f;
    f.tracker.known_errors = {some_errors()};
    const auto page = f.ask("GET", "/kwq/v1/errors?job=a&sort=last&limit=3");
    CHECK(page.status == 200);
    CHECK_THAT(page.body,
               Contains(R"("error":"0000000000000abc","message":"disk # full","count":7,)"
                        R"("tasks":2,"first_at":10,"last_at":20,"jobs":[{"job":"a",)"));
    CHECK_THAT(page.body, Contains(R"("samples":[{"id":"t1","message":"disk 4 full","at":20,)"));
    CHECK(f.tracker.asked_errors.newest_first);
    CHECK(f.tracker.asked_errors.limit == 3);
    CHECK(f.ask("GET", "/kwq/v1/errors/0000000000000abc").status == 200);
    CHECK(f.ask("GET", "/kwq/v1/errors/0000000000000abd").status == 404);
    CHECK(f.ask("GET", "/kwq/v1/errors/abc").status == 400);
    CHECK(f.ask("GET", "/kwq/v1/errors?sort=name").status == 400);
}

TEST_CASE("windows that are asked for are aligned, of those that are kept, and end with now") {
    api_fixture f;
    f.tracker.known_windows = {tracker::window_view{instant{1'000}, {1, 2, 3, 4, 5, 6, 7}, {}, {}}};
    const auto r = f.ask("GET", "/kwq/v1/stats/series?resolution_s=10&queue=default");
    CHECK_THAT(r.body, Contains(R"({"at":1000,"submitted":1,"allocated":2,"running":3,)"
                                R"("complete":4,"error":5,"retries":6,"cancelled":7,"wait":{)"));
    const auto& q = f.tracker.asked_series;
    CHECK(q.resolution == 1);
    CHECK(q.queue->value() == "default");
    CHECK(q.to_s % 10 == 0);
    CHECK(q.to_s - q.from_s == 3'000);
    f.ask("GET", "/kwq/v1/stats/series?from_at=0");
    CHECK(q.resolution == 0);
    CHECK(q.to_s - q.from_s == 901);
    const auto end = std::to_string(q.to_s * 1'000 - 100'000);
    f.ask("GET", "/kwq/v1/stats/series?resolution_s=300&from_at=" + end + "&to_at=" + end);
    CHECK(q.to_s % 300 == 0);
    CHECK(q.to_s - q.from_s <= 300);
    CHECK(f.ask("GET", "/kwq/v1/stats/series?resolution_s=2").status == 400);
    CHECK(f.ask("GET", "/kwq/v1/stats/series?to_at=-1").status == 400);
}

TEST_CASE("a state map is bytes with a tag, and is not sent to one who has it") {
    api_fixture f;
    f.tracker.known_map = {.cells = std::string("\x01\x14\x00", 3), .total = 9};
    const auto r = f.ask("GET", "/kwq/v1/jobs/j/state-map?from=2&count=3");
    CHECK(r.status == 200);
    CHECK(r.body == std::string("\x01\x14\x00", 3));
    CHECK(r.content_type == "application/octet-stream");
    CHECK(f.tracker.asked_map.from == 2);
    CHECK(f.tracker.asked_map.count == 3);
    CHECK(f.ask("GET", "/kwq/v1/jobs/j/state-map?count=0").status == 400);
    CHECK(f.ask("GET", "/kwq/v1/jobs/j/state-map?count=1000001").status == 400);
    f.tracker.known_tasks["t3"] = {};
    f.tracker.known_tasks["t3"].state = model::task_state::complete;
    CHECK(f.ask("GET", "/kwq/v1/jobs/j/task-at?index=3&payload=false").status == 200);
    CHECK(f.ask("GET", "/kwq/v1/jobs/j/task-at?index=4").status == 404);
    CHECK(f.ask("GET", "/kwq/v1/jobs/j/task-at").status == 400);
}

TEST_CASE("why a task waits: what to change first comes first") {
    tracker::task_view t;
    t.place = {model::queue_name{"q"}, model::priority{5}, model::offset{1}};
    t.job = model::job_name{"j"};
    waiting_reasons known;
    CHECK(codes(t, known) == std::vector<std::string>{"no_worker"});
    known.served = true;
    CHECK(codes(t, known) == std::vector<std::string>{"next"});
    t.ahead = 3;
    CHECK(codes(t, known) == std::vector<std::string>{"behind"});
    model::gate of_queue;
    of_queue.scope = model::gate_scope::queue;
    of_queue.queue = model::queue_name{"q"};
    model::gate of_other = of_queue;
    of_other.queue = model::queue_name{"other"};
    model::gate of_job;
    of_job.scope = model::gate_scope::job;
    of_job.job = model::job_name{"j"};
    model::gate of_priority = of_queue;
    of_priority.scope = model::gate_scope::priority;
    of_priority.priority = model::priority{5};
    known.gates = {of_queue, of_other, of_job, of_priority};
    known.dispatch.state = model::dispatch_state::draining;
    CHECK(codes(t, known) == std::vector<std::string>{"paused_queue", "paused_job",
                                                      "paused_priority", "dispatch_state",
                                                      "behind"});
    t.state = model::task_state::scheduled;
    t.scheduled_for = instant{77};
    const auto why = why_waiting(t, {});
    REQUIRE(why.size() == 1);
    CHECK(why[0].code == "not_before");
    CHECK(why[0].until == instant{77});
    t.attempt = 1;
    CHECK(codes(t, {}) == std::vector<std::string>{"back_off"});
}
