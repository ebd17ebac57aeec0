#include "api_fixture.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

using namespace kwq;
using namespace kwq::rest::testing;
using Catch::Contains;

namespace {

tracker::task_view some_task(api_fixture& f) {
    f.ask("POST", "/kwq/v1/tasks",
          R"({"id":"t1","payload":{"n": 7},"meta":{"traceparent":"00"},"source":"test"})");
    tracker::task_view t;
    t.id = model::task_id{"t1"};
    t.place = {model::queue_name{"default"}, model::priority{5}, model::offset{0}};
    t.job = model::job_name{"default"};
    t.state = model::task_state::pending;
    t.submitted_at = instant{10};
    return t;
}

}  // namespace

TEST_CASE("a task is shown with what the tracker and what the log know") {
    api_fixture f;
    auto t = some_task(f);
    t.state = model::task_state::complete;
    t.attempt = 1;
    t.result_json = "[1]";
    t.attempts = {{.attempt = 1,
                   .worker = model::worker_name{"w"},
                   .allocated_at = instant{20},
                   .running_at = instant{25},
                   .ended_at = instant{30},
                   .ended = model::outcome::complete}};
    f.tracker.known_tasks["t1"] = t;
    const auto r = f.ask("GET", "/kwq/v1/tasks/t1");
    CHECK(r.status == 200);
    CHECK_THAT(r.body, Contains(R"("id":"t1","state":"complete","queue":"default","priority":5)"));
    CHECK_THAT(r.body, Contains(R"("result":[1])"));
    CHECK_THAT(r.body, Contains(R"("attempts":[{"attempt":1,"worker":"w","allocated_at":20,)"
                                R"("running_at":25,"ended_at":30,"outcome":"complete"}])"));
    CHECK_THAT(r.body,
               Contains(R"("meta":{"traceparent":"00"},"source":"test","payload":{"n": 7})"));
    CHECK(f.ask("GET", "/kwq/v1/tasks/t1?payload=false").body.find("payload") == std::string::npos);
}

TEST_CASE("a waiting task says that it is paused") {
    api_fixture f;
    f.tracker.known_tasks["t1"] = some_task(f);
    CHECK(f.ask("GET", "/kwq/v1/tasks/t1").body.find("paused") == std::string::npos);
    f.scheduler.in_force = {{.scope = model::gate_scope::queue,
                             .queue = model::queue_name{"default"},
                             .priority = {},
                             .job = {},
                             .paused = true,
                             .until = {},
                             .reason = {}}};
    CHECK_THAT(f.ask("GET", "/kwq/v1/tasks/t1").body, Contains(R"("paused":true)"));
}

TEST_CASE("the last error is told until a retry by hand or a good end") {
    api_fixture f;
    auto t = some_task(f);
    t.last_error = "why";
    const auto tells = [&](model::task_state state, std::uint32_t spent) {
        t.state = state;
        t.spent = spent;
        f.tracker.known_tasks["t1"] = t;
        return f.ask("GET", "/kwq/v1/tasks/t1").body.find(R"("error":"why")") != std::string::npos;
    };
    CHECK(tells(model::task_state::error, 1));
    CHECK(tells(model::task_state::scheduled, 1));
    CHECK_FALSE(tells(model::task_state::pending, 0));
    CHECK_FALSE(tells(model::task_state::complete, 1));
}

TEST_CASE("after and wait_s reach the tracker") {
    api_fixture f;
    f.tracker.known_tasks["t1"] = some_task(f);
    const auto submitted = parse(f.ask("POST", "/kwq/v1/tasks", R"({"payload":1})"));
    const std::string position(submitted.root().find("position")->string());
    const std::string after = net::percent_encode(position + "," + position);
    CHECK(f.ask("GET", "/kwq/v1/tasks/t1?after=" + after).status == 200);
    REQUIRE(f.tracker.asked_after.size() == 2);
    CHECK(to_string(f.tracker.asked_after[0]) == position);
    CHECK(f.ask("GET", "/kwq/v1/tasks/t1?wait_s=1.5&until=terminal").status == 200);
    CHECK(f.tracker.asked_wait == milliseconds{1'500});
    CHECK(f.ask("GET", "/kwq/v1/tasks/t1?wait_s=99").status == 400);
    CHECK(f.ask("GET", "/kwq/v1/tasks/t1?wait_s=-1").status == 400);
    CHECK(f.ask("GET", "/kwq/v1/tasks/t1?after=nonsense").status == 400);
    CHECK(f.ask("GET", "/kwq/v1/tasks/t1?until=never").status == 400);
    CHECK(code_of(f.ask("GET", "/kwq/v1/tasks/nobody")) == "task_unknown");
    CHECK(code_of(f.ask("GET", "/kwq/v1/tasks/a%20b")) == "bad_id");
}

TEST_CASE("lists take typed filters and give a cursor") {
    api_fixture f;
    f.tracker.known_tasks["t1"] = some_task(f);
    const auto r = f.ask(
        "GET", "/kwq/v1/tasks?job=a%2Fb&state=error&tag=x:y&queue=default&limit=5&order=oldest");
    CHECK(r.status == 200);
    CHECK_THAT(r.body, Contains(R"("next_cursor":"more")"));
    CHECK(f.tracker.asked_filter.job->value() == "a/b");
    CHECK(f.tracker.asked_filter.state == model::task_state::error);
    CHECK(f.tracker.asked_filter.tag->value() == "x:y");
    CHECK(f.tracker.asked_filter.limit == 5);
    CHECK_FALSE(f.tracker.asked_filter.newest_first);
    for (const char* wrong :
         {"state=dead", "limit=0", "limit=1001", "limit=5x", "order=up", "queue=A",
          "job=", "error=5", "state=error&q=state:error", "q=nonsense"}) {
        INFO(wrong);
        CHECK(f.ask("GET", std::string("/kwq/v1/tasks?") + wrong).status == 400);
    }
}

TEST_CASE("jobs, tags, queues and the whole are shown with their counts") {
    api_fixture f;
    tracker::group_view job;
    job.name = "sums";
    job.counts[static_cast<std::size_t>(model::task_state::complete)] = 4;
    job.submitted = 4;
    f.tracker.known_jobs["sums"] = job;
    CHECK_THAT(f.ask("GET", "/kwq/v1/jobs").body, Contains(R"({"items":[{"job":"sums")"));
    const auto one = f.ask("GET", "/kwq/v1/jobs/sums?wait_s=1&until=idle");
    CHECK_THAT(one.body, Contains(R"("complete":4)"));
    CHECK_THAT(one.body, Contains(R"("paused":false)"));
    CHECK(f.tracker.asked_wait == milliseconds{1'000});
    CHECK(f.tracker.asked_tags == 100);
    f.ask("GET", "/kwq/v1/jobs/sums?tags=1000");
    CHECK(f.tracker.asked_tags == 1'000);
    CHECK(code_of(f.ask("GET", "/kwq/v1/jobs/sums?tags=1001")) == "bad_field");
    CHECK(code_of(f.ask("GET", "/kwq/v1/jobs/none")) == "job_unknown");
    CHECK(f.ask("GET", "/kwq/v1/tags").status == 200);
    CHECK(code_of(f.ask("GET", "/kwq/v1/tags/none")) == "tag_unknown");

    tracker::queue_view depth;
    depth.queue = model::queue_name{"default"};
    depth.priority = model::priority{9};
    depth.counts[static_cast<std::size_t>(model::task_state::pending)] = 3;
    depth.oldest_pending_at = instant{77};
    f.tracker.queue_views = {depth};
    const auto queue = parse(f.ask("GET", "/kwq/v1/queues/default"));
    CHECK(queue.root().find("counts")->find("pending")->integer() == 3);
    const auto& first = queue.root().find("by_priority")->items().front();
    CHECK(first.find("priority")->integer() == 9);
    CHECK(first.find("oldest_pending_at")->integer() == 77);
    CHECK(code_of(f.ask("GET", "/kwq/v1/queues/none")) == "queue_unknown");
    CHECK(parse(f.ask("GET", "/kwq/v1/queues")).root().find("items")->items().size() == 1);

    CHECK_THAT(f.ask("GET", "/kwq/v1/stats").body, Contains(R"("dispatch":{"state":"running")"));
    CHECK_THAT(f.ask("GET", "/kwq/v1/cluster").body, Contains(R"("shards":[{"shard":0)"));
    CHECK_THAT(f.ask("GET", "/kwq/v1/limits").body, Contains(R"("payload_bytes":1048576)"));
    CHECK(f.ask("GET", "/livez").status == 200);
    CHECK(f.ask("GET", "/readyz").status == 200);
    f.scheduler.ready = false;
    CHECK(f.ask("GET", "/readyz").status == 503);
}

TEST_CASE("metrics are text and agree with the counters") {
    api_fixture f;
    f.scheduler.counted.completed = 12;
    const auto r = f.ask("GET", "/metrics");
    CHECK(r.content_type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK_THAT(r.body, Contains("kwq_tasks_finished_total{outcome=\"complete\"} 12"));
    CHECK_THAT(r.body, Contains("kwq_build_info{"));
}

TEST_CASE("steering a task finds it first and tells what became of it") {
    api_fixture f;
    f.tracker.known_tasks["t1"] = some_task(f);
    CHECK_THAT(f.ask("POST", "/kwq/v1/tasks/t1/cancel").body,
               Contains(R"({"id":"t1","affected":1)"));
    REQUIRE(f.scheduler.cancelled.size() == 1);
    CHECK(f.scheduler.cancelled[0].offset == model::offset{0});
    CHECK(f.ask("POST", "/kwq/v1/tasks/none/cancel").status == 404);
    f.scheduler.change_refused = model::error{model::errc::not_retriable, "it is pending", {}};
    CHECK(code_of(f.ask("POST", "/kwq/v1/tasks/t1/retry")) == "not_retriable");
}

TEST_CASE("a pause has a scope, an end and a reason") {
    api_fixture f;
    CHECK(f.ask("POST", "/kwq/v1/queues/default/pause?priority=3&for_s=2", R"({"reason":"moving"})")
              .status == 200);
    CHECK(f.ask("POST", "/kwq/v1/jobs/a%2Fb/pause", R"({"for_s":1.5})").status == 200);
    CHECK(f.ask("POST", "/kwq/v1/queues/default/resume").status == 200);
    REQUIRE(f.scheduler.gates_set.size() == 3);
    const auto& first = f.scheduler.gates_set[0];
    CHECK(first.scope == model::gate_scope::priority);
    CHECK(first.priority == model::priority{3});
    CHECK(first.until == f.time.wall() + milliseconds{2'000});
    CHECK(first.reason == "moving");
    CHECK(f.scheduler.gates_set[1].job.value() == "a/b");
    CHECK(f.scheduler.gates_set[1].until == f.time.wall() + milliseconds{1'500});
    CHECK_FALSE(f.scheduler.gates_set[2].paused);
    CHECK(f.ask("POST", "/kwq/v1/queues/default/pause?priority=10").status == 400);
    CHECK(f.ask("POST", "/kwq/v1/queues/none/pause").status == 404);
    CHECK(f.ask("POST", "/kwq/v1/queues/default/pause", R"({"for_s":-1})").status == 400);
}

TEST_CASE("commands carry the ends that the topics had before, and tell how many they meet") {
    api_fixture f;
    f.ask("POST", "/kwq/v1/tasks", R"([{"payload":1},{"payload":2},{"payload":3,"priority":2}])");
    tracker::group_view job;
    job.counts[static_cast<std::size_t>(model::task_state::pending)] = 2;
    job.counts[static_cast<std::size_t>(model::task_state::running)] = 1;
    job.counts[static_cast<std::size_t>(model::task_state::error)] = 5;
    f.tracker.known_jobs["default"] = job;
    CHECK_THAT(f.ask("POST", "/kwq/v1/jobs/default/cancel").body,
               Contains(R"({"affected":3,"control_offset":7)"));
    CHECK_THAT(f.ask("POST", "/kwq/v1/jobs/default/retry").body, Contains(R"("affected":5)"));
    CHECK(f.ask("POST", "/kwq/v1/jobs/none/retry").status == 404);
    CHECK(f.ask("POST", "/kwq/v1/queues/default/empty?priority=2").status == 200);
    REQUIRE(f.scheduler.commands.size() == 3);
    using ends = std::vector<model::topic_end>;
    const model::queue_name queue{"default"};
    const model::topic_end two{queue, model::priority{2}, model::offset{1}};
    const model::topic_end five{queue, model::priority{5}, model::offset{2}};
    CHECK(f.scheduler.commands[0].action == model::control_action::cancel_job);
    CHECK(f.scheduler.commands[0].ends == std::vector<ends>{{two, five}});
    CHECK(f.scheduler.commands[2].action == model::control_action::empty_queue);
    // Of all its topics: what was moved to this priority was submitted to another.
    CHECK(f.scheduler.commands[2].priority == model::priority{2});
    CHECK(f.scheduler.commands[2].ends == std::vector<ends>{{two, five}});
}

TEST_CASE("a queue is made once, and dispatch is switched") {
    api_fixture f;
    CHECK_THAT(f.ask("PUT", "/kwq/v1/queues/mail", R"({"priorities":3})").body,
               Contains(R"({"queue":"mail","priorities":3)"));
    CHECK(f.tracker.added == std::vector{model::queue_name{"mail"}});
    CHECK(f.ask("POST", "/kwq/v1/tasks", R"({"payload":1,"queue":"mail"})").status == 201);
    CHECK(f.ask("PUT", "/kwq/v1/queues/Mail").status == 400);
    CHECK(f.ask("PUT", "/kwq/v1/queues/m2", R"({"priorities":0})").status == 400);
    f.scheduler.change_refused = model::error{model::errc::queue_exists, "it has 3", {}};
    CHECK(f.ask("PUT", "/kwq/v1/queues/mail", R"({"priorities":4})").status == 409);
    f.scheduler.change_refused.reset();
    const auto r = f.ask("PUT", "/kwq/v1/dispatch", R"({"state":"paused","for_s":60})");
    CHECK_THAT(r.body, Contains(R"({"state":"paused","until_at":1700000060000)"));
    CHECK_THAT(f.ask("GET", "/kwq/v1/dispatch").body, Contains(R"("state":"paused")"));
    CHECK(f.ask("PUT", "/kwq/v1/dispatch", R"({"state":"asleep"})").status == 400);
}

TEST_CASE("every metric of the api is in the docs") {
    api_fixture f;
    f.tracker.queue_views = {{.queue = model::queue_name{"default"},
                              .priority = model::priority{1},
                              .counts = {},
                              .oldest_pending_at = instant{1}}};
    f.ask("GET", "/livez");
    std::ifstream file(std::string(KWQ_SOURCE_DIR) + "/docs/metrics.md");
    std::stringstream docs;
    docs << file.rdbuf();
    std::istringstream page(f.ask("GET", "/metrics").body);
    std::size_t families = 0;
    for (std::string line; std::getline(page, line);) {
        constexpr std::string_view type = "# TYPE kwq_";
        if (line.rfind(type, 0) == 0) {
            const std::string name = line.substr(7, line.find(' ', 7) - 7);
            INFO(name);
            CHECK(docs.str().find("`" + name + "`") != std::string::npos);
            ++families;
        }
    }
    CHECK(families > 25);
}
