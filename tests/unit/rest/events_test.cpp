#include "api_fixture.hpp"
#include "rest/event_topics.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::rest::testing;
using Catch::Contains;

namespace {

class listener {
public:
    listener(api_fixture& f, const std::string& target, const header_list& headers = {})
        : answer(std::make_shared<kept_stream>()),
          from(f.api->open_stream(f.make("GET", target, {}, headers), answer)) {}

    const std::shared_ptr<kept_stream> answer;  // shared, as the server holds it
    const net::body_stream from;
};

std::size_t times(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
        ++count;
    }
    return count;
}

}  // namespace

TEST_CASE("a topic is one of those that there are") {
    for (const char* name : {"overview", "queues", "jobs", "workers", "errors", "dispatch",
                             "queue:default", "job:a,b", "tag:x y", "task:t1", "bulk:b1"}) {
        const auto topic = rest::parse_event_topic(name);
        INFO(name);
        REQUIRE(topic.has_value());
        CHECK(topic->name == name);
    }
    CHECK(rest::parse_event_topic("job:sums")->named == std::vector<std::string>{"sums"});
    for (const char* name :
         {"", "overviews", "job", "job:", "queue:UPPER", "task:a b", "tag:a\nb"}) {
        INFO(name);
        CHECK_FALSE(rest::parse_event_topic(name).has_value());
    }
}

TEST_CASE("an event is one line of data, whatever the payload's layout is") {
    CHECK(rest::event_frame("dispatch", 7, rest::one_line("{\"a\":\r\n 1}")) ==
          "event: dispatch\nid: 7\ndata: {\"a\":   1}\n\n");
}

TEST_CASE("the time of an answer is no change") {
    CHECK(rest::without_clock(R"({"now_at":17,"n":1})") ==
          rest::without_clock(R"({"now_at":18,"n":1})"));
    CHECK(rest::without_clock(R"({"now_at":17,"n":1})") !=
          rest::without_clock(R"({"now_at":17,"n":2})"));
}

TEST_CASE("a listener is told each of its topics at once, with growing numbers") {
    api_fixture f;
    const listener one(f, "/kwq/v1/events?topics=dispatch,overview&topic=job%3Anone%2C");
    const std::string text = one.answer->wait_for("event: job:none,");
    CHECK(one.answer->status() == 200);
    CHECK_THAT(text, Catch::StartsWith("retry: 2000\n\n"));
    CHECK_THAT(one.answer->wait_for("event: dispatch"), Contains("data: {\"state\":\"running\""));
    CHECK_THAT(one.answer->wait_for("event: overview"), Contains("\"overall\":"));
    CHECK_THAT(one.answer->wait_for("job_unknown"), Contains("\"status\":404"));
}

TEST_CASE("what does not change is told once, a change is told") {
    api_fixture f;
    const listener one(f, "/kwq/v1/events?topics=dispatch");
    one.answer->wait_for("event: dispatch");
    f.scheduler.switch_to({.state = model::dispatch_state::paused});
    const std::string text = one.answer->wait_for(R"("state":"paused")");
    CHECK(times(text, "event: dispatch") == 2);
}

TEST_CASE("a client that comes back to the same server is not told to start anew") {
    api_fixture f;
    const listener one(f, "/kwq/v1/events?topics=dispatch");
    const std::string text = one.answer->wait_for("data: ");
    const std::size_t at = text.find("id: ") + 4;
    const std::string id = text.substr(at, text.find('\n', at) - at);
    const listener again(f, "/kwq/v1/events?topics=dispatch,workers", {{"last-event-id", id}});
    const std::string more = again.answer->wait_for("event: workers");
    CHECK(times(more, "resync") == 0);
    CHECK(times(more, "event: dispatch") == 0);
    const listener stranger(f, "/kwq/v1/events?topics=dispatch", {{"last-event-id", "17"}});
    CHECK_THAT(stranger.answer->wait_for("event: dispatch"), Contains("event: resync"));
}

TEST_CASE("a client that takes nothing is told only the latest later") {
    api_fixture f;
    const listener slow(f, "/kwq/v1/events?topics=dispatch");
    slow.answer->wait_for("event: dispatch");
    slow.answer->hold(1);
    const listener quick(f, "/kwq/v1/events?topics=dispatch");
    for (const char* reason : {"first", "second", "third"}) {
        f.scheduler.switch_to({.reason = reason});
        quick.answer->wait_for(reason);
    }
    slow.answer->hold(0);
    const std::string text = slow.answer->wait_for("third");
    CHECK(times(text, "first") == 0);
    CHECK(times(text, "second") == 0);
}

TEST_CASE("more than 1,000 clients are turned away, until one goes") {
    api_fixture f;
    std::vector<std::unique_ptr<listener>> all;
    for (int i = 0; i < 1'000; ++i) {
        all.push_back(std::make_unique<listener>(f, "/kwq/v1/events?topics=dispatch"));
        CHECK(all.back()->answer->status() == 200);
    }
    CHECK(listener(f, "/kwq/v1/events?topics=dispatch").answer->status() == 503);
    all.front()->from.on_gone();
    int status = 0;
    for (int i = 0; i < 1'000 && status != 200; ++i) {
        all.push_back(std::make_unique<listener>(f, "/kwq/v1/events?topics=dispatch"));
        status = all.back()->answer->status();
        std::this_thread::yield();
    }
    CHECK(status == 200);
}

TEST_CASE("a topic that is not there is refused, and so is none at all") {
    api_fixture f;
    for (const char* query : {"", "?topics=", "?topics=nothing", "?topics=overview,job:"}) {
        INFO(query);
        CHECK(listener(f, std::string("/kwq/v1/events") + query).answer->status() == 400);
    }
}

TEST_CASE("when the server stops, streams end") {
    api_fixture f;
    const listener one(f, "/kwq/v1/events?topics=dispatch");
    one.answer->wait_for("event: dispatch");
    f.api->begin_stop();
    CHECK_THAT(one.answer->wait_for_end(), Contains("event: dispatch"));
    CHECK(listener(f, "/kwq/v1/events?topics=dispatch").answer->status() == 503);
}
