#include "api_fixture.hpp"
#include "rest/bulk_records.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::rest::testing;
using Catch::Contains;

namespace {

tracker::task_view failed_task(const std::string& id, std::int64_t offset) {
    tracker::task_view t;
    t.id = model::task_id{id};
    t.place = {model::queue_name{"default"}, model::priority{5}, model::offset{offset}};
    t.job = model::job_name{"sums"};
    t.state = model::task_state::error;
    t.submitted_at = instant{10};
    t.ended_at = instant{20};
    return t;
}

std::string id_of(const net::response& started) {
    return std::string(parse(started).root().find("id")->string());
}

std::string ended(api_fixture& f, const std::string& id) {
    return f.ask("GET", "/kwq/v1/bulk/" + id + "?wait_s=20").body;
}

}  // namespace

TEST_CASE("a change of many tasks says which, or that it means all") {
    api_fixture f;
    const auto post = [&](const std::string& body) { return f.ask("POST", "/kwq/v1/bulk", body); };
    CHECK(post(R"({"action":"retry"})").status == 400);
    CHECK(post(R"({"action":"retry","filter":{}})").status == 400);
    CHECK(post(R"({"action":"destroy","filter":{"job":"sums"}})").status == 400);
    CHECK(post(R"({"action":"retry","filter":{"jobs":"sums"}})").status == 400);
    CHECK(post(R"({"action":"retry","q":"job:"})").status == 400);
    CHECK(post(R"({"action":"retry","q":"job:sums state:complete"})").status == 400);
    CHECK(post(R"({"action":"cancel","filter":{"state":"error"}})").status == 400);
    CHECK(post(R"({"action":"cancel","all":true,"dry_run":true})").status == 200);
    CHECK(f.ask("GET", "/kwq/v1/bulk/none").status == 404);
}

TEST_CASE("a dry run counts and changes nothing") {
    api_fixture f;
    f.tracker.known_jobs["sums"].counts = {0, 4, 0, 1, 100, 3, 0};
    const auto count = [&](const std::string& action) {
        return f
            .ask("POST", "/kwq/v1/bulk",
                 R"({"action":")" + action + R"(","q":"job:sums","dry_run":true})")
            .body;
    };
    CHECK(count("retry") == R"({"matched":3,"exact":true})");
    CHECK(count("cancel") == R"({"matched":5,"exact":true})");
    CHECK(f.scheduler.commands.empty());
    CHECK(parse(f.ask("GET", "/kwq/v1/bulk")).root().find("items")->items().empty());
}

TEST_CASE("a whole job is one command") {
    api_fixture f;
    f.tracker.known_jobs["sums"].counts = {0, 4, 0, 0, 0, 0, 0};
    const auto started =
        f.ask("POST", "/kwq/v1/bulk", R"({"action":"cancel","filter":{"job":"sums"}})");
    CHECK(started.status == 202);
    CHECK(header_of(started, "Location") == "/kwq/v1/bulk/" + id_of(started));
    const std::string end = ended(f, id_of(started));
    CHECK_THAT(end, Contains(R"("state":"complete")") && Contains(R"("done":4)"));
    REQUIRE(f.scheduler.commands.size() == 1);
    CHECK(f.scheduler.commands.front().action == model::control_action::cancel_job);
    CHECK(f.scheduler.cancelled.empty());
}

TEST_CASE("anything else goes task by task, and leaves alone what came after it began") {
    api_fixture f;
    tracker::task_view later = failed_task("later", 3);
    later.ended_at = f.time.wall() + milliseconds{1};
    f.tracker.known_jobs["sums"].counts = {};
    const std::vector<tracker::task_page> pages = {
        {.items = {failed_task("t1", 1), failed_task("t2", 2)}, .next_cursor = "two"},
        {.items = {later, failed_task("t4", 4)}, .next_cursor = ""}};
    f.tracker.pages = pages;
    f.tracker.pages.insert(f.tracker.pages.end(), pages.begin(), pages.end());  // to count, to do
    const auto started =
        f.ask("POST", "/kwq/v1/bulk", R"({"action":"retry","q":"job:sums queue:default"})");
    const std::string end = ended(f, id_of(started));
    CHECK_THAT(end, Contains(R"("state":"complete","matched":4,"exact":true,"done":3,"failed":0)"));
    CHECK_THAT(end, Contains(R"("q":"job:sums state:error queue:default",)"
                             R"("filter":{"job":"sums","state":"error","queue":"default"})"));
    CHECK(f.scheduler.retried.size() == 3);
    CHECK(f.scheduler.commands.empty());
    CHECK(f.ask("GET", "/kwq/v1/bulk").body.find(id_of(started)) != std::string::npos);
}

TEST_CASE("tasks that refuse are named") {
    api_fixture f;
    const tracker::task_page page{.items = {failed_task("t1", 1)}, .next_cursor = ""};
    f.tracker.pages = {page, page};
    f.scheduler.change_refused = model::error{model::errc::not_retriable, "it is complete", {}};
    const auto started =
        f.ask("POST", "/kwq/v1/bulk", R"({"action":"retry","q":"job:sums tag:a"})");
    CHECK_THAT(ended(f, id_of(started)),
               Contains(R"("done":0,"failed":1)") &&
                   Contains(R"("errors":[{"id":"t1","code":"not_retriable",)"));
}

TEST_CASE("tasks that wait are moved; those that are there or wait no more are left") {
    api_fixture f;
    auto waits = failed_task("t1", 1);
    waits.state = model::task_state::pending;
    waits.ended_at.reset();
    auto there = waits;
    there.id = model::task_id{"t2"};
    there.place.priority = model::priority{9};
    const tracker::task_page page{.items = {waits, there}, .next_cursor = ""};
    f.tracker.pages = {page, page};
    const auto started = f.ask("POST", "/kwq/v1/bulk",
                               R"({"action":"reprioritise","priority":9,"q":"job:sums tag:a"})");
    CHECK_THAT(ended(f, id_of(started)),
               Contains(R"("action":"reprioritise","priority":9,)") &&
                   Contains(R"("state":"complete","matched":2,"exact":true,"done":1,"left":1,)"));
    REQUIRE(f.scheduler.reprioritised.size() == 2);
    CHECK(f.scheduler.reprioritised.front().second == model::priority{9});

    f.tracker.pages = {page, page};
    f.scheduler.change_refused = model::error{model::errc::not_waiting, "it is leased", {}};
    const auto again = f.ask("POST", "/kwq/v1/bulk",
                             R"({"action":"reprioritise","priority":8,"q":"job:sums tag:a"})");
    CHECK_THAT(ended(f, id_of(again)), Contains(R"("done":0,"left":2,"failed":0)"));
    CHECK(f.scheduler.commands.empty());

    const auto post = [&](const std::string& body) { return f.ask("POST", "/kwq/v1/bulk", body); };
    CHECK(post(R"({"action":"reprioritise","q":"job:sums"})").status == 400);
    CHECK(post(R"({"action":"reprioritise","priority":0,"q":"job:sums"})").status == 400);
    CHECK(post(R"({"action":"retry","priority":9,"q":"job:sums tag:a"})").status == 400);
    CHECK(post(R"({"action":"reprioritise","priority":9,"q":"job:sums state:running"})").status ==
          400);
}

TEST_CASE("a change under way can be stopped") {
    api_fixture f;
    f.tracker.known_tasks["t"] = failed_task("t", 1);  // on every page, without end
    const auto started =
        f.ask("POST", "/kwq/v1/bulk", R"({"action":"retry","q":"job:sums tag:a"})");
    const auto stopped = f.ask("DELETE", "/kwq/v1/bulk/" + id_of(started));
    CHECK(stopped.status == 200);
    CHECK_THAT(stopped.body, Contains(R"("state":"cancelled")"));
    CHECK_THAT(ended(f, id_of(started)), Contains(R"("state":"cancelled")"));
}

TEST_CASE("what is known of a change is the same after it was filed") {
    const kwq::test::temporary_directory folder;
    rest::bulk_view v;
    v.id = "b1";
    v.verb = rest::bulk_verb::reprioritise;
    v.priority = model::priority{7};
    v.left = 2;
    v.filter.job = model::job_name{"a \"b\""};
    v.filter.state.add(model::task_state::pending);
    v.matched = 10;
    v.exact = false;
    v.done = 4;
    v.failed = 1;
    v.started_at = instant{1'700'000'000'000};
    v.errors = {{.id = "t", .code = "already_terminal", .detail = "it has ended"}};
    const rest::bulk_records records(folder.path());
    CHECK(records.save(v));
    v.done = 5;
    CHECK(records.save(v));
    const auto found = rest::bulk_records(folder.path()).load();
    REQUIRE(found.size() == 1);
    const auto text = [](const rest::bulk_view& one) {
        std::string out;
        codec::json_writer w(out);
        rest::write_bulk_view(w, one);
        return out;
    };
    CHECK(text(found.front()) == text(v));
    CHECK(found.front().filter.job == v.filter.job);
    records.remove("b1");
    CHECK(records.load().empty());
}
