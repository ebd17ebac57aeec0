// The bodies a worker writes and reads, against the text of docs/api.md.
#include "worker/wire.hpp"

#include <catch2/catch.hpp>

namespace kwq::worker {
namespace {

TEST_CASE("a take names worker, queues, slots and what to settle") {
    CHECK(
        write_take({.worker = "w", .queues = {"a", "b"}, .max = 3, .wait = milliseconds{1'500}}) ==
        R"({"worker":"w","queues":["a","b"],"max":3,"wait_s":1.5})");
    CHECK(
        write_take(
            {.worker = "w",
             .queues = {"a"},
             .affinity = {"k"},
             .settle = {{"L1", {.result_json = "{\"x\": 1}"}},
                        {"L2", {.what = report::kind::error, .message = "no"}},
                        {"L3", {.what = report::kind::release, .delay = milliseconds{5'000}}}}}) ==
        R"({"worker":"w","queues":["a"],"max":1,"wait_s":0,"affinity":["k"],"settle":[)"
        R"({"lease":"L1","outcome":"complete","result":{"x": 1}},)"
        R"({"lease":"L2","outcome":"error","message":"no","retry":true},)"
        R"({"lease":"L3","outcome":"release","delay_s":5}]})");
}

TEST_CASE("a lease is read with its task, and what it leaves out has its default") {
    const auto answer = read_take(R"({"leases":[{"lease":"L1","deadline_at":5,"attempt":2,"new":1,
        "task":{"id":"t","queue":"q","job":"j","priority":7,"payload":{"a" : 1.0},"tags":["x:y"],
        "meta":{"m":"v"},"lease_s":2.5,"backoff_s":1,"timeout_s":9}},
        {"lease":"L2","task":{"id":"u","payload":null}}],
        "settled":[{"lease":"a","status":"ok"},{"lease":"b","status":"already"},
        {"lease":"c","status":"lease_lost"},{"lease":"d","status":"conflict"},
        {"lease":"e","status":"unknown"}],"directive":"drain"})");
    REQUIRE(answer.has_value());
    REQUIRE(answer->leases.size() == 2);
    const auto& lease = answer->leases[0];
    CHECK(lease.token == "L1");
    CHECK(lease.attempt == 2);
    CHECK(lease.id == "t");
    CHECK(lease.queue == "q");
    CHECK(lease.job == "j");
    CHECK(lease.priority == 7);
    CHECK(lease.payload == "{\"a\" : 1.0}");
    CHECK(lease.tags_json == "[\"x:y\"]");
    CHECK(lease.meta == std::vector<std::pair<std::string, std::string>>{{"m", "v"}});
    CHECK(lease.lease == milliseconds{2'500});
    CHECK(lease.backoff == milliseconds{1'000});
    CHECK(lease.timeout == milliseconds{9'000});
    CHECK(answer->leases[1].lease == milliseconds{60'000});
    CHECK_FALSE(answer->leases[1].timeout.has_value());
    CHECK(answer->directive == directive::drain);
    const std::vector<std::pair<std::string, verdict>> verdicts{{"a", verdict::settled},
                                                                {"b", verdict::settled},
                                                                {"c", verdict::refused},
                                                                {"d", verdict::refused},
                                                                {"e", verdict::again}};
    CHECK(answer->settled == verdicts);
}

TEST_CASE("an answer that is not one is a failure, not an empty hand") {
    CHECK(read_take("<html>").has_error());
    CHECK(read_take("[]").has_error());
    CHECK(read_take(R"({"leases":[{"task":{"id":"t"}}]})").has_error());
}

TEST_CASE("heartbeats go out as tokens and come back alive, cancelled or lost") {
    CHECK(write_heartbeats({"a", "b"}) == R"({"leases":[{"lease":"a"},{"lease":"b"}]})");
    const auto beats = read_heartbeats(
        R"({"leases":[{"lease":"a","status":"ok","deadline_at":1,"directive":"continue"},
        {"lease":"b","status":"ok","directive":"cancel"},{"lease":"c","status":"lease_lost"}]})");
    REQUIRE(beats.has_value());
    const std::vector<std::pair<std::string, beat>> expected{
        {"a", beat::alive}, {"b", beat::cancel}, {"c", beat::lost}};
    CHECK(*beats == expected);
}

TEST_CASE("a queue is drained when none of its tasks can still run") {
    const auto drained = [](const char* body) { return *read_queue_is_drained(body); };
    CHECK(drained(R"({"counts":{"pending":0,"complete":5,"error":2,"cancelled":1}})"));
    for (const auto* state : {"scheduled", "pending", "allocated", "running"}) {
        CHECK_FALSE(drained((R"({"counts":{")" + std::string(state) + R"(":1}})").c_str()));
    }
    CHECK(read_queue_is_drained("{}").has_error());
}

TEST_CASE("a problem is told by code and detail") {
    CHECK(read_problem(R"({"code":"bad_id","detail":"no"})") == "bad_id: no");
    CHECK(read_problem("oops") == "without a reason");
}

}  // namespace
}  // namespace kwq::worker
