// The worker's loop against a scripted server: real sockets, real children, no waiting for time but
// the loop's own.
#include "fake_server.hpp"
#include "worker/process.hpp"
#include "worker/worker_loop.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <sstream>

namespace kwq::worker {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

net::response json(std::string body, int status = 200) {
    return {.status = status, .body = std::move(body)};
}

std::string lease(const std::string& token, const std::string& more = "") {
    return R"({"lease":")" + token + R"(","attempt":1,"deadline_at":1,"task":{"id":"task-)" +
           token + R"(","queue":"default","job":"j","priority":5,"payload":{"n":1})" + more + "}}";
}

const std::string nothing = R"({"leases":[],"settled":[],"directive":"run"})";
const std::string drained = R"({"counts":{"pending":0}})";

/// Hands each lease out once, one a take, and answers everything else with yes.
class simple_queue {
public:
    explicit simple_queue(std::vector<std::string> leases) : leases_(std::move(leases)) {}

    net::response operator()(const exchange& e) {
        if (e.target == "POST /kwq/v1/leases") {
            return json(take(e.body));
        }
        if (contains(e.target, "/queues/")) {
            return json(drained);
        }
        if (contains(e.target, "/heartbeat")) {
            return json(R"({"leases":[]})");
        }
        return json(R"({"status":"ok"})");
    }
    std::string take(const std::string& body) {
        std::string settled;
        for (const auto& token : {"A", "B", "C", "D"}) {
            if (contains(body, "{\"lease\":\"" + std::string(token) + "\"")) {
                settled += (settled.empty() ? "" : ",");
                settled += "{\"lease\":\"" + std::string(token) + R"(","status":"ok"})";
            }
        }
        const std::string given = next_ < leases_.size() ? leases_[next_++] : "";
        return R"({"leases":[)" + given + R"(],"settled":[)" + settled + R"(],"directive":"run"})";
    }

private:
    std::vector<std::string> leases_;
    std::size_t next_ = 0;
};

struct outcome_of_run {
    worker_end end;
    std::string task_log;
    std::vector<std::string> log;
};

struct run_options {
    std::string script;
    int concurrency = 1;
    bool until_empty = true;
    std::function<void(worker_loop&)> begin = {};
};

outcome_of_run run_against(const fake_server& server, const run_options& options) {
    signal(SIGPIPE, SIG_IGN);
    outcome_of_run result{};
    std::ostringstream task_log;
    const auto logger = observe::make_capturing_logger(
        [&](observe::level, std::string line) { result.log.push_back(std::move(line)); });
    seeded_random random(7);
    worker_config config;
    config.server.url = server.url();
    config.command = {"sh", "-c", options.script};
    config.concurrency = options.concurrency;
    config.until_empty = options.until_empty;
    config.poll_wait = milliseconds{1'000};
    worker_loop loop(
        config, "/bin/sh",
        {.time = system_clock(), .random = random, .logger = *logger, .task_log = task_log});
    if (options.begin) {
        options.begin(loop);
    }
    result.end = loop.run();
    result.task_log = task_log.str();
    return result;
}

/// Every report that reached the server, with a take or by itself.
std::string reports(const fake_server& server) {
    std::string all;
    for (const auto& e : server.asked("POST /kwq/v1/leases")) {
        if (contains(e.body, "\"settle\"") || contains(e.target, "/complete") ||
            contains(e.target, "/error") || contains(e.target, "/release")) {
            all += e.target + " " + e.body + "\n";
        }
    }
    return all;
}

TEST_CASE("a task's payload reaches its command, and its output the server") {
    fake_server server{simple_queue({lease("A")})};
    const auto r = run_against(server, {.script = "echo working on $KWQ_TASK_ID >&2; cat"});
    CHECK(r.end == worker_end::done);
    CHECK(contains(reports(server), R"({"lease":"A","outcome":"complete","result":{"n":1}})"));
    CHECK(r.task_log == "task-A | working on task-A\n");
}

TEST_CASE("results go out with the next take, one round trip for both") {
    fake_server server{simple_queue({lease("A"), lease("B"), lease("C")})};
    CHECK(run_against(server, {.script = "echo 1"}).end == worker_end::done);
    int with_take = 0;
    for (const auto& e : server.asked("POST /kwq/v1/leases")) {
        with_take += e.target == "POST /kwq/v1/leases" && contains(e.body, "settle") ? 1 : 0;
        CHECK_FALSE(contains(e.target, "/complete"));
    }
    CHECK(with_take == 3);
}

TEST_CASE("a failure is told with its reason, and a final one as final") {
    fake_server server{simple_queue({lease("A"), lease("B")})};
    const auto r =
        run_against(server, {.script = "echo broken >&2; test $KWQ_LEASE = A && exit 1; exit 65"});
    CHECK(
        contains(reports(server),
                 R"("lease":"A","outcome":"error","message":"exit code 1: broken","retry":true)"));
    CHECK(contains(
        reports(server),
        R"("lease":"B","outcome":"error","message":"exit code 65: broken","retry":false)"));
}

TEST_CASE("exit 75 releases for the task's own back-off") {
    fake_server server{simple_queue({lease("A", R"(,"backoff_s":2.5)")})};
    run_against(server, {.script = "exit 75"});
    CHECK(contains(reports(server), R"("lease":"A","outcome":"release","delay_s":2.5)"));
}

TEST_CASE("a task that runs longer than its limit is killed and reported") {
    fake_server server{simple_queue({lease("A", R"(,"timeout_s":0.1)")})};
    run_against(server, {.script = "sleep 1000"});
    CHECK(contains(reports(server), "timeout: ran longer than timeout_s = 0.1"));
}

TEST_CASE("a lost or cancelled lease kills its command, and nothing is reported of it") {
    const std::string answer =
        GENERATE(R"({"leases":[{"lease":"A","status":"lease_lost"}]})",
                 R"({"leases":[{"lease":"A","status":"ok","directive":"cancel"}]})");
    simple_queue queue({lease("A", R"(,"lease_s":0.3)")});
    fake_server server{[&](const exchange& e) {
        return contains(e.target, "/heartbeat") ? json(answer) : queue(e);
    }};
    const auto r = run_against(server, {.script = "sleep 1000"});
    CHECK(r.end == worker_end::done);
    CHECK(reports(server).empty());
    CHECK(server.asked("POST /kwq/v1/leases/heartbeat").size() == 1);
}

TEST_CASE("a report without an answer is repeated until there is one") {
    simple_queue queue({lease("A")});
    int refusals = 0;
    fake_server server{[&](const exchange& e) {
        const bool settles = contains(e.body, "settle") || contains(e.target, "/complete");
        if (settles && ++refusals <= 3) {
            return json(R"({"code":"outcome_unknown"})", 503);
        }
        return queue(e);
    }};
    const auto r = run_against(server, {.script = "echo 7"});
    CHECK(r.end == worker_end::done);
    CHECK(refusals > 3);
}

TEST_CASE("a lease that was lost ends the repeating") {
    simple_queue queue({lease("A")});
    int told = 0;
    fake_server server{[&](const exchange& e) {
        if (contains(e.body, "settle") || contains(e.target, "/complete")) {
            ++told;
            return told == 1
                       ? json(R"({"code":"outcome_unknown"})", 503)
                       : json(
                             contains(e.target, "/complete")
                                 ? R"({"code":"lease_lost"})"
                                 : R"({"leases":[],"settled":[{"lease":"A","status":"lease_lost"}]})",
                             contains(e.target, "/complete") ? 409 : 200);
        }
        return queue(e);
    }};
    const auto r = run_against(server, {.script = "echo 7"});
    CHECK(r.end == worker_end::done);
    CHECK(told == 2);
}

TEST_CASE("the first signal lets what runs finish and takes nothing more") {
    worker_loop* loop = nullptr;
    simple_queue queue({lease("A"), lease("B")});
    fake_server server{[&](const exchange& e) {
        if (contains(e.target, "/A/running")) {
            loop->events().post([&] { loop->on_signal(); });
        }
        return queue(e);
    }};
    const auto r = run_against(server, {.script = "read line; sleep 0.3; echo done",
                                        .until_empty = false,
                                        .begin = [&](worker_loop& l) { loop = &l; }});
    CHECK(r.end == worker_end::done);
    CHECK(contains(reports(server), R"("result":"done")"));
    CHECK_FALSE(contains(r.task_log, "task-B"));
}

TEST_CASE("the second signal kills what runs and gives it back") {
    worker_loop* loop = nullptr;
    simple_queue queue({lease("A")});
    fake_server server{[&](const exchange& e) {
        if (contains(e.target, "/A/running")) {
            loop->events().post([&] {
                loop->on_signal();
                loop->on_signal();
            });
        }
        return queue(e);
    }};
    const auto r = run_against(server, {.script = "sleep 1000",
                                        .until_empty = false,
                                        .begin = [&](worker_loop& l) { loop = &l; }});
    CHECK(r.end == worker_end::interrupted);
    CHECK(contains(reports(server), "/A/release"));
}

TEST_CASE("a server that refuses the worker ends it before it began") {
    fake_server server{[](const exchange&) { return json(R"({"code":"forbidden"})", 403); }};
    const auto r = run_against(server, {.script = "true"});
    CHECK(r.end == worker_end::cannot_start);
}

TEST_CASE(
    "dispatch stopped ends a worker that waits for empty queues, a server's own end does not") {
    const bool stopped = GENERATE(true, false);
    int takes = 0;
    fake_server server{[&](const exchange& e) {
        if (contains(e.target, "/dispatch")) {
            return json(stopped ? R"({"state":"stopped"})" : R"({"state":"running"})");
        }
        if (contains(e.target, "/queues/")) {
            return json(drained);
        }
        ++takes;
        return json(takes == 1 ? R"({"leases":[],"settled":[],"directive":"stop"})" : nothing);
    }};
    const auto r = run_against(server, {.script = "true"});
    CHECK(r.end == (stopped ? worker_end::stopped : worker_end::done));
}

TEST_CASE("as many commands run at once as there are slots, and no more") {
    std::string all;
    for (const auto* token : {"A", "B", "C", "D"}) {
        all += (all.empty() ? "" : ",") + lease(token);
    }
    simple_queue queue({all});
    fake_server server{[&](const exchange& e) { return queue(e); }};
    const auto r = run_against(server, {.script = "sleep 0.2; echo 1", .concurrency = 4});
    CHECK(r.end == worker_end::done);
    CHECK(contains(server.asked("POST /kwq/v1/leases").front().body, R"("max":4)"));
    for (const auto* token : {"A", "B", "C", "D"}) {
        CHECK(contains(reports(server), token));
    }
}

TEST_CASE("configuration that cannot work is named") {
    worker_config config;
    CHECK(contains(check_config(config), "no command"));
    config.command = {"true"};
    CHECK(check_config(config).empty());
    config.queues = {"Not A Queue"};
    CHECK(contains(check_config(config), "not a queue name"));
    config.queues = {"q"};
    config.concurrency = 0;
    CHECK(contains(check_config(config), "concurrency"));
}

}  // namespace
}  // namespace kwq::worker
