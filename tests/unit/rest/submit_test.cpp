#include "api_fixture.hpp"
#include "rest/id_source.hpp"
#include "rest/line_splitter.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace kwq;
using namespace kwq::rest::testing;
using Catch::Contains;

TEST_CASE("one task is answered with its id, position and priority") {
    api_fixture f;
    const auto r = f.ask("POST", "/kwq/v1/tasks", R"({"payload":{"n": 7},"id":"t1"})");
    CHECK(r.status == 201);
    const auto body = parse(r);
    CHECK(body.root().find("id")->string() == "t1");
    CHECK(body.root().find("priority")->integer() == 5);
    CHECK(model::parse_position(body.root().find("position")->string()).has_value());
    CHECK(body.root().find("clamped") == nullptr);
    const auto records = f.log.all("kwq-default-5");
    REQUIRE(records.size() == 1);
    CHECK(records[0].key == "t1");
    CHECK_THAT(records[0].value, Contains(R"({"n": 7})"));
}

TEST_CASE("a priority outside the queue's is moved to the nearest, and the answer says so") {
    api_fixture f;
    const auto high = parse(f.ask("POST", "/kwq/v1/tasks", R"({"payload":1,"priority":99})"));
    CHECK(high.root().find("priority")->integer() == 9);
    CHECK(high.root().find("clamped")->boolean());
    const auto low = parse(f.ask("POST", "/kwq/v1/tasks", R"({"payload":1,"priority":-3})"));
    CHECK(low.root().find("priority")->integer() == 1);
    CHECK(f.log.all("kwq-default-9").size() == 1);
    CHECK(f.log.all("kwq-default-1").size() == 1);
}

TEST_CASE("an array is submitted whole or not at all") {
    api_fixture f;
    const auto bad =
        f.ask("POST", "/kwq/v1/tasks", R"([{"payload":1},{"payload":2,"lease_s":"x"}])");
    CHECK(bad.status == 400);
    CHECK_THAT(bad.body, Contains(R"("pointer":"/1/lease_s")"));
    CHECK(f.log.all("kwq-default-5").empty());
    const auto good =
        parse(f.ask("POST", "/kwq/v1/tasks",
                    R"([{"payload":1,"id":"a"},{"payload":2,"id":"b","priority":7}])"));
    const auto& tasks = good.root().find("tasks")->items();
    REQUIRE(tasks.size() == 2);
    CHECK(tasks[0].find("id")->string() == "a");
    CHECK(tasks[1].find("priority")->integer() == 7);
    CHECK(f.ask("POST", "/kwq/v1/tasks", "[]").status == 400);
}

TEST_CASE("an unknown queue is answered with the call that makes it") {
    api_fixture f;
    const auto r = f.ask("POST", "/kwq/v1/tasks", R"({"payload":1,"queue":"mail"})");
    CHECK(r.status == 404);
    CHECK(code_of(r) == "queue_unknown");
    CHECK_THAT(r.body, Contains("PUT /kwq/v1/queues/mail"));
}

TEST_CASE("the same Idempotency-Key makes the same ids, and with another body is refused") {
    api_fixture f;
    const header_list key{{"idempotency-key", "once"}};
    const std::string body = R"([{"payload":1},{"payload":2}])";
    const auto first = parse(f.ask("POST", "/kwq/v1/tasks", body, key));
    const auto again = parse(f.ask("POST", "/kwq/v1/tasks", body, key));
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(first.root().find("tasks")->items()[i].find("id")->string() ==
              again.root().find("tasks")->items()[i].find("id")->string());
    }
    const auto other = f.ask("POST", "/kwq/v1/tasks", R"({"payload":3})", key);
    CHECK(other.status == 422);
    CHECK(f.ask("POST", "/kwq/v1/tasks", body, {{"idempotency-key", "a b"}}).status == 400);
}

TEST_CASE("what the log cannot say is 503, what it refuses has its own status") {
    api_fixture f;
    f.log.fail_with("kwq-default-5", eventlog::errc::unknown);
    const auto unknown = f.ask("POST", "/kwq/v1/tasks", R"({"payload":1})");
    CHECK(unknown.status == 503);
    CHECK(code_of(unknown) == "outcome_unknown");
    CHECK(header_of(unknown, "Retry-After") == "1");
    f.log.fail_with("kwq-default-5", eventlog::errc::storage_full);
    CHECK(f.ask("POST", "/kwq/v1/tasks", R"({"payload":1})").status == 507);
    // One of two topics took its task: only a repeat tells.
    const auto half =
        f.ask("POST", "/kwq/v1/tasks", R"([{"payload":1},{"payload":1,"priority":6}])");
    CHECK(code_of(half) == "outcome_unknown");
}

TEST_CASE("nothing is taken once the server stops, and reports still are") {
    api_fixture f;
    f.api->begin_stop();
    CHECK(code_of(f.ask("POST", "/kwq/v1/tasks", R"({"payload":1})")) == "stopping");
    CHECK(code_of(f.ask("POST", "/kwq/v1/leases", R"({"worker":"w"})")) == "stopping");
    CHECK(f.ask("GET", "/readyz").status == 503);
    CHECK(f.ask("POST", "/kwq/v1/leases/abc/complete", "{}").status == 200);
}

namespace {

std::string bulk(api_fixture& f, const std::vector<std::string>& pieces,
                 const header_list& headers = {}) {
    header_list all = headers;
    all.emplace_back("content-type", "application/x-ndjson");
    // Shared with the api, as the server's are.
    const auto to = std::make_shared<kept_stream>();
    const auto stream = f.api->open_stream(f.make("POST", "/kwq/v1/tasks/bulk", "", all), to);
    CHECK(to->status() == 200);
    for (const std::string& piece : pieces) {
        stream.on_piece(piece);
    }
    stream.on_end();
    return to->wait_for_end();
}

}  // namespace

TEST_CASE("bulk answers each line in order, however the body is cut, and a bad one fails alone") {
    api_fixture f;
    const std::string body =
        "{\"payload\":1,\"id\":\"a\"}\n\n{\"payload\":\n{\"payload\":2,\"id\":\"b\"}\r\n"
        "{\"payload\":3,\"queue\":\"no\"}\n{\"payload\":4,\"id\":\"c\",\"priority\":8}";
    for (const std::size_t cut : {std::size_t{1}, std::size_t{7}, body.size()}) {
        std::vector<std::string> pieces;
        for (std::size_t i = 0; i < body.size(); i += cut) {
            pieces.push_back(body.substr(i, cut));
        }
        std::istringstream answer(bulk(f, pieces));
        std::vector<std::string> lines;
        for (std::string line; std::getline(answer, line);) {
            lines.push_back(line);
        }
        REQUIRE(lines.size() == 5);
        CHECK_THAT(lines[0], Contains(R"("line":1,"id":"a","status":"ok","position":)"));
        CHECK_THAT(lines[1], Contains(R"("line":3,"status":"error","code":"bad_request")"));
        CHECK_THAT(lines[2], Contains(R"("line":4,"id":"b","status":"ok")"));
        CHECK_THAT(lines[3], Contains(R"("line":5,"status":"error","code":"queue_unknown")"));
        CHECK_THAT(lines[4], Contains(R"("line":6,"id":"c","status":"ok")"));
    }
}

TEST_CASE("a bulk line over the limit fails alone and the next one is read") {
    api_fixture f;
    const std::string big(1'600'000, 'x');
    const std::string answer =
        bulk(f, {"{\"payload\":\"", big, "\"}\n{\"payload\":1,\"id\":\"next\"}\n"});
    CHECK_THAT(answer, Contains(R"("line":1,"status":"error","code":"payload_too_large")"));
    CHECK_THAT(answer, Contains(R"("line":2,"id":"next","status":"ok")"));
}

TEST_CASE("bulk with an Idempotency-Key derives ids from the line number") {
    api_fixture f;
    const header_list key{{"idempotency-key", "k"}};
    const std::string once = bulk(f, {"{\"payload\":1}\n{\"payload\":2}\n"}, key);
    CHECK_THAT(once, Contains(rest::derived_id("k", 1).value()));
    CHECK_THAT(once, Contains(rest::derived_id("k", 2).value()));
}

TEST_CASE("ids rise within a millisecond, keep to the alphabet and have 26 characters") {
    fake_clock time;
    seeded_random random(3);
    rest::id_source ids(time, random);
    std::string before;
    for (int i = 0; i < 1'000; ++i) {
        const std::string id = ids.next().value();
        CHECK(id.size() == 26);
        CHECK(model::valid_id(id));
        CHECK(before < id);
        before = id;
    }
}

TEST_CASE("ids that have to fit do, and rise too") {
    fake_clock time;
    seeded_random random(3);
    rest::id_source ids(time, random);
    const auto ends_in_a = [](const model::task_id& id) { return id.value().back() == 'a'; };
    std::string before = ids.next().value();
    for (int i = 0; i < 100; ++i) {
        const std::string id = ids.next(ends_in_a).value();
        CHECK(id.back() == 'a');
        CHECK(before < id);
        before = id;
    }
}

TEST_CASE("derived ids are the same for ever") {
    CHECK(rest::derived_id("k", 0) != rest::derived_id("k", 1));
    CHECK(rest::derived_id("k1", 1) != rest::derived_id("k", 11));
    CHECK(rest::derived_id("k", 0).value().size() == 43);
    CHECK(rest::derived_id("order-17", 3).value() == "3dLMbwSF2gncQuHoG7YXdD_GnAuj1o3wIa6pjEfelFQ");
}
