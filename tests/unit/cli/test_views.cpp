// What people are shown of the API's answers.
#include "cli/gate_options.hpp"
#include "cli/suggestion.hpp"
#include "cli/views.hpp"

#include <catch2/catch.hpp>

namespace kwq::cli {

namespace {

const look plain{instant{1'700'000'060'000}, false};

codec::json_document json(const std::string& text) {
    auto parsed = codec::json_document::parse(text, {"payload", "result"});
    REQUIRE(parsed.has_value());
    return std::move(*parsed);
}

bool has(const std::string& text, const std::string& part) {
    if (text.find(part) == std::string::npos) {
        UNSCOPED_INFO(text);
        return false;
    }
    return true;
}

}  // namespace

TEST_CASE("a task is shown with its attempts, its error and its result") {
    const auto task = json(
        R"({"id":"t1","state":"error","queue":"mail","priority":7,"job":"nightly","tags":["a:1","b"],)"
        R"("submitted_at":1700000000000,"attempt":2,"spent":2,"max_attempts":2,"error":"boom",)"
        R"("payload":{"n": 1},"attempts":[{"attempt":1,"worker":"w1","allocated_at":1700000001000,)"
        R"("ended_at":1700000003500,"outcome":"error","error":"bang"}]})");
    const auto text = task_view(task.root(), plain);
    CHECK(has(text, "task        t1\n"));
    CHECK(has(text, "queue       mail, priority 7\n"));
    CHECK(has(text, "tags        a:1, b\n"));
    CHECK(has(text, "submitted   2023-11-14T22:13:20.000Z  (1m ago)\n"));
    CHECK(has(text, "attempt     2 (2 of 2 spent)\n"));
    CHECK(has(text, "error       boom\n"));
    CHECK(has(text, "payload     {\"n\": 1}\n"));
    CHECK(has(text, "      1  w1      59s ago  2.5s  error    bang\n"));
    CHECK_FALSE(has(text, "\x1b"));
}

TEST_CASE("colours come only when wanted, and names cannot bring their own") {
    const auto task = json(R"({"id":"t\u001b[31m","state":"complete"})");
    CHECK_FALSE(has(task_view(task.root(), plain), "\x1b"));
    CHECK(has(task_view(task.root(), {plain.now, true}), "\x1b[32mcomplete\x1b[0m"));
    CHECK(has(task_view(task.root(), {plain.now, true}), "t?[31m"));
}

TEST_CASE("a job is shown by its counts, without the zeros") {
    const auto job = json(
        R"({"job":"nightly","paused":true,"counts":{"pending":1204,"running":8,"complete":3788},)"
        R"("retries":2,"run":{"count":5,"mean_s":0.5,"p50_s":0.4,"p95_s":1.26,"max_s":90}})");
    const auto text = group_view(job.root(), plain);
    CHECK(has(text, "job         nightly (paused)\n"));
    CHECK(has(text, "tasks       1,204 pending, 8 running, 3,788 complete\n"));
    CHECK(has(text, "done        75 %\n"));
    CHECK(has(text, "ran         mean 500ms, median 400ms, 95 % 1.3s, most 1m 30s\n"));
    CHECK(open_count(job.root()) == 1'212);
    CHECK(counts_line(json("{}").root()) == "nothing");
}

TEST_CASE("K15: queues are shown with the depth of each priority that has any") {
    const auto page = json(
        R"({"items":[{"queue":"default","priorities":9,"paused":true,"counts":{"pending":3},)"
        R"("by_priority":[{"priority":9,"counts":{"pending":2},"oldest_pending_at":1700000000000},)"
        R"({"priority":5,"counts":{"pending":1}},{"priority":1,"counts":{}}]}]})");
    CHECK(queues_table(page.root(), plain) ==
          "QUEUE    PRIORITY  WAITING  SCHEDULED  OUT  COMPLETE  ERROR  OLDEST WAITING\n"
          "default       1-9        3          0    0         0      0                  paused\n"
          "                9        2          0    0         0      0          1m ago\n"
          "                5        1          0    0         0      0\n");
}

TEST_CASE("answers of another version of the server are shown as far as they go") {
    for (const char* text :
         {"{}", R"({"items":3})", R"({"items":[1,null,{"id":7,"counts":[]}]})"}) {
        const auto page = json(text);
        CHECK_FALSE(tasks_table(page.root(), plain).empty());
        CHECK_FALSE(queues_table(page.root(), plain).empty());
        CHECK_FALSE(workers_table(page.root(), plain).empty());
        CHECK_FALSE(groups_table(page.root(), "job", plain).empty());
        CHECK_FALSE(leases_table(page.root(), plain).empty());
    }
}

TEST_CASE("C5: pause and resume are aimed at one thing each, with an end and a reason") {
    gate_options o;
    CHECK_FALSE(gate_change(o, "pause").has_value());
    o.all = true;
    o.how_long = milliseconds{600'000};
    o.reason = "up\"grade";
    const auto all = gate_change(o, "pause");
    REQUIRE(all.has_value());
    CHECK(all->method == "PUT");
    CHECK(all->target == "/dispatch");
    CHECK(all->body == R"({"state":"paused","for_s":600,"reason":"up\"grade"})");
    CHECK(gate_change({.all = true}, "resume")->body == R"({"state":"running"})");
    CHECK(gate_change({.queue = "mail", .priority = 3}, "pause")->target ==
          "/queues/mail/pause?priority=3");
    CHECK(gate_change({.job = "a/b ü"}, "resume")->target == "/jobs/a%2Fb%20%C3%BC/resume");
    CHECK_FALSE(gate_change({.priority = 3, .job = "j"}, "pause").has_value());
    CHECK_FALSE(gate_change({.all = true, .job = "j"}, "pause").has_value());
}

TEST_CASE("a near name is suggested, a far one is not") {
    const std::vector<std::string> names{"port", "address", "log-level", "queues"};
    CHECK(nearest_name("prot", names) == "port");
    CHECK(nearest_name("loglevel", names) == "log-level");
    CHECK(nearest_name("queue", names) == "queues");
    CHECK_FALSE(nearest_name("banana", names));
    CHECK_FALSE(nearest_name("", {}));
}

}  // namespace kwq::cli
