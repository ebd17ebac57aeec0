// Filters: as parameters, as one text and as JSON, all the same.
#include "rest/task_query.hpp"
#include "api_fixture.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::rest;
using namespace kwq::rest::testing;

namespace {

tracker::task_filter filter_of(std::string_view text) {
    tracker::task_filter f;
    const auto added = add_text(f, text);
    REQUIRE(added.has_value());
    return f;
}

std::string code_of_text(std::string_view text) {
    tracker::task_filter f;
    const auto added = add_text(f, text);
    return added ? "" : std::string(to_string(added.error().code));
}

}  // namespace

TEST_CASE("a text of words is read, written and read again as the same filter") {
    const auto f = filter_of(
        R"(  state:error,pending queue:mail tag:"a \"b\" \\c"  job:x:y worker:w error:00000000000000ff )");
    CHECK(f.state.holds(model::task_state::error));
    CHECK(f.state.holds(model::task_state::pending));
    CHECK_FALSE(f.state.holds(model::task_state::running));
    CHECK(f.queue->value() == "mail");
    CHECK(f.tag->value() == "a \"b\" \\c");
    CHECK(f.job->value() == "x:y");
    CHECK(f.worker->value() == "w");
    CHECK(f.error->value() == 255);
    const auto text = write_task_query(f);
    CHECK(
        text ==
        R"(job:x:y state:pending,error tag:"a \"b\" \\c" queue:mail worker:w error:00000000000000ff)");
    CHECK(write_task_query(filter_of(text)) == text);
    CHECK(filter_of("").is_everything());
    CHECK(write_task_query({}).empty());
}

TEST_CASE("a text that cannot be read is refused with what is wrong") {
    for (const char* wrong :
         {"nonsense", "colour:red", "state:", "state:dead", "state:error,", "job:a job:b",
          "error:12", "tag:\"open", "tag:\"a\"b", "\"tag\":a", ":x", "tag:\"a\\"}) {
        INFO(wrong);
        CHECK(code_of_text(wrong) == "bad_field");
    }
    CHECK(code_of_text("queue:A") == "bad_id");
    CHECK(code_of_text("job:") == "bad_id");
    CHECK(code_of_text(std::string(5'000, ' ')) == "bad_field");
}

TEST_CASE("parameters, the text and JSON make the same filter") {
    api_fixture f;
    CHECK(f.ask("GET",
                "/kwq/v1/tasks?state=error,running&worker=w%201&q=queue:mail%20error:"
                "0123456789abcdef")
              .status == 200);
    const auto asked = write_task_query(f.tracker.asked_filter);
    CHECK(asked == "state:running,error queue:mail worker:\"w 1\" error:0123456789abcdef");
    const auto json = codec::json_document::parse(
        R"({"state":["running","error"],"worker":"w 1","q":"queue:mail","error":"0123456789abcdef"})");
    field_reader fields(json->root());
    CHECK(write_task_query(read_task_filter(fields)) == asked);
    CHECK(fields.ok());
    const auto bad = codec::json_document::parse(R"({"state":"no","job":7})");
    field_reader wrong(bad->root());
    read_task_filter(wrong);
    CHECK_FALSE(wrong.ok());
}
