#include "api_fixture.hpp"
#include "rest/csv.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::rest::testing;
using Catch::Contains;

namespace {

tracker::task_view task(const std::string& id) {
    tracker::task_view t;
    t.id = model::task_id{id};
    t.place = {model::queue_name{"default"}, model::priority{5}, model::offset{0}};
    t.job = model::job_name{"sums"};
    t.submitted_at = instant{10};
    return t;
}

void give_two_pages(api_fixture& f) {
    tracker::task_view second = task("t2");
    second.tags = {model::tag_name{"a"}, model::tag_name{"=b"}};
    second.state = model::task_state::error;
    second.last_error = "=cmd|' /C calc'!A0, \"quoted\"\nand more";
    f.tracker.pages = {{.items = {task("t1")}, .next_cursor = "two"},
                       {.items = {second}, .next_cursor = ""}};
}

/// Shared, as the server holds it.
std::shared_ptr<kept_stream> list(api_fixture& f, const std::string& query,
                                  const header_list& headers = {}) {
    const net::request r = f.make("GET", "/kwq/v1/tasks" + query, {}, headers);
    REQUIRE(f.api->admit(r).streamed);
    auto to = std::make_shared<kept_stream>();
    f.api->open_stream(r, to);
    return to;
}

}  // namespace

TEST_CASE("cells are quoted as RFC 4180 says, and a formula is only text") {
    CHECK(rest::csv_cell("plain") == "plain");
    CHECK(rest::csv_cell("a,b") == "\"a,b\"");
    CHECK(rest::csv_cell("say \"x\"") == "\"say \"\"x\"\"\"");
    CHECK(rest::csv_cell("two\nlines") == "\"two\nlines\"");
    CHECK(rest::csv_cell("") == "");
    for (const char* text : {"=1+1", "+1", "-1", "@SUM(A1)", "\tx"}) {
        CHECK(rest::csv_cell(text) == "'" + std::string(text));
    }
    CHECK(rest::csv_cell("=a,b") == "\"'=a,b\"");
}

TEST_CASE("a list as NDJSON is every page, a task a line") {
    api_fixture f;
    give_two_pages(f);
    const auto to = list(f, "?format=ndjson&job=sums&order=oldest");
    const std::string text = to->wait_for_end();
    CHECK(to->status() == 200);
    CHECK(std::count(text.begin(), text.end(), '\n') == 2);
    const std::size_t line = text.find('\n') + 1;
    CHECK(codec::json_document::parse(text.substr(0, line)).has_value());
    CHECK_THAT(text.substr(line), Contains(R"("id":"t2")"));
    CHECK(f.tracker.asked_filter.cursor == "two");
    CHECK_FALSE(f.tracker.asked_filter.newest_first);
    CHECK(f.tracker.asked_filter.job == model::job_name{"sums"});
}

TEST_CASE("a list as CSV has a row of titles, and what a spreadsheet would run is quoted") {
    api_fixture f;
    give_two_pages(f);
    const std::string text = list(f, "", {{"accept", "text/csv"}})->wait_for_end();
    CHECK_THAT(text, Catch::StartsWith("id,state,queue,priority,job,tags,submitted_at,"));
    CHECK_THAT(text, Contains("\r\nt1,pending,default,5,sums,,10,"));
    CHECK_THAT(text, Contains("\r\nt2,error,default,5,sums,a;=b,10,"));
    CHECK_THAT(text, Contains("\"'=cmd|' /C calc'!A0, \"\"quoted\"\"\nand more\""));
}

TEST_CASE("a client that does not read holds the list up, and a page more is in memory") {
    api_fixture f;
    f.tracker.known_tasks["t"] = task("t");  // on every page, and there is always another
    const net::request r = f.make("GET", "/kwq/v1/tasks?format=ndjson");
    const auto to = std::make_shared<kept_stream>();  // shared, as the server holds it
    to->hold(1U << 20U);
    const auto from = f.api->open_stream(r, to);
    to->wait_for("\"t\"");
    const int then = f.tracker.times_listed;
    f.ask("GET", "/kwq/v1/stats");  // the same thread has had a turn
    CHECK(f.tracker.times_listed == then);
    to->hold(0);
    while (f.tracker.times_listed < then + 3) {
        std::this_thread::yield();
    }
    from.on_gone();
}

TEST_CASE("a list of at most so many ends there") {
    api_fixture f;
    f.tracker.known_tasks["t"] = task("t");
    const std::string text = list(f, "?format=ndjson&limit=3")->wait_for_end();
    CHECK(std::count(text.begin(), text.end(), '\n') == 3);
}

TEST_CASE("a mistake in the filter of a long list is an ordinary problem") {
    api_fixture f;
    CHECK(list(f, "?format=csv&state=gone")->status() == 400);
    CHECK(f.ask("GET", "/kwq/v1/tasks?format=xml").status == 400);
}
