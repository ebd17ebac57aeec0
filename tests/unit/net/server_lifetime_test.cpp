// Deadlines, clients that go, limits on connections, and stopping.
#include "raw_client.hpp"
#include "test_server.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace kwq::net;
using namespace std::chrono_literals;

namespace {

server_config hasty() {
    auto c = test_config();
    c.header_timeout = 100ms;
    c.body_timeout = 100ms;
    c.stream_stall_timeout = 200ms;
    c.idle_timeout = 200ms;
    c.write_stall_timeout = 200ms;
    return c;
}

/// A handler that keeps the responder, and says when the client goes.
struct long_poll {
    mailbox<responder_ptr> asked;
    mailbox<bool> gone;
    mailbox<bool> written;

    void install(scripted_handler& h) {
        h.on_handle = [this](request, responder_ptr to) {
            to->on_gone([this] { gone.put(true); });
            to->on_written([this](bool ok) { written.put(ok); });
            asked.put(std::move(to));
        };
    }
};

}  // namespace

TEST_CASE("a head that comes too slowly gets 408") {
    test_server t(hasty());
    const auto port = t.start();
    raw_client c(port);
    c.send("GET /x HTTP/1.1\r\nHo");
    CHECK(status_of(c.read_all()) == 408);
}

TEST_CASE("the deadline of a head is absolute: dripping does not help") {
    auto config = hasty();
    config.max_header_bytes = 60'000;
    test_server t(config);
    const auto port = t.start();
    raw_client c(port);
    const auto began = std::chrono::steady_clock::now();
    c.send("GET /x HTTP/1.1\r\nX: ");
    std::atomic<bool> answered = false;
    std::thread drip([&] {
        auto next = began;
        while (!answered && next < began + 5s && c.try_send("a")) {
            for (next += 5ms; std::chrono::steady_clock::now() < next;) {
                std::this_thread::yield();
            }
        }
    });
    const std::string got = c.read_until("}");
    answered = true;
    drip.join();
    CHECK(status_of(got) == 408);
    CHECK(std::chrono::steady_clock::now() - began < 3s);
}

TEST_CASE("a body that comes too slowly gets 408") {
    test_server t(hasty());
    const auto port = t.start();
    raw_client c(port);
    c.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
    CHECK(status_of(c.read_all()) == 408);
}

TEST_CASE("an idle connection is closed without a word, before and after a request") {
    test_server t(hasty());
    const auto port = t.start();
    raw_client fresh(port);
    CHECK(fresh.read_all().empty());
    raw_client used(port);
    used.send(get);
    CHECK(status_of(used.read_answers(1)) == 200);
    CHECK(used.read_all().empty());
}

TEST_CASE("a handler may take longer than any deadline") {
    long_poll poll;
    test_server t(hasty());
    poll.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(get);
    REQUIRE(poll.asked.wait_for(1).size() == 1);
    raw_client idle(port);  // its end shows that idle_timeout has passed for the other as well
    CHECK(idle.read_all().empty());
    poll.asked.wait_for(1)[0]->send({.body = "late"});
    CHECK_THAT(c.read_answers(1), Catch::EndsWith("late"));
    CHECK(poll.gone.count() == 0);
    CHECK(poll.written.wait_for(1) == std::vector<bool>{true});
}

TEST_CASE("a client that closes during a long poll is gone, once") {
    long_poll poll;
    test_server t;
    poll.install(t.handler);
    const auto port = t.start();
    {
        raw_client c(port);
        c.send(get);
        REQUIRE(poll.asked.wait_for(1).size() == 1);
    }
    CHECK(poll.gone.wait_for(1).size() == 1);
    poll.asked.wait_for(1)[0]->send({.body = "for nobody"});
    CHECK(poll.written.wait_for(1) == std::vector<bool>{false});
    CHECK(poll.gone.count() == 1);
}

TEST_CASE("a client that only stops sending counts as gone") {
    long_poll poll;
    test_server t;
    poll.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(get);
    REQUIRE(poll.asked.wait_for(1).size() == 1);
    c.finish_sending();
    CHECK(poll.gone.wait_for(1).size() == 1);
    CHECK(c.read_all().empty());
}

TEST_CASE("a client that resets is gone") {
    long_poll poll;
    test_server t;
    poll.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(get);
    REQUIRE(poll.asked.wait_for(1).size() == 1);
    c.reset();
    CHECK(poll.gone.wait_for(1).size() == 1);
}

TEST_CASE("a client that has pipelined more is noticed when it goes") {
    long_poll poll;
    test_server t;
    poll.install(t.handler);
    const auto port = t.start();
    {
        raw_client c(port);
        c.send(get + get + get);
        REQUIRE(poll.asked.wait_for(1).size() == 1);
    }
    CHECK(poll.gone.wait_for(1).size() == 1);
    CHECK(poll.asked.count() == 1);
}

TEST_CASE("an answer that cannot be written in full says so") {
    long_poll poll;
    test_server t(hasty());
    poll.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.small_receive_buffer();
    c.send(get);
    const auto asked = poll.asked.wait_for(1);
    REQUIRE(asked.size() == 1);
    asked[0]->send({.body = std::string(50'000'000, 'x')});  // nobody reads it
    CHECK(poll.written.wait_for(1) == std::vector<bool>{false});
    CHECK(poll.gone.wait_for(1).size() == 1);
}

TEST_CASE("the first answer counts, later ones are dropped") {
    test_server t;
    t.handler.on_handle = [](request r, responder_ptr to) {
        to->send({.body = "first" + r.path});
        to->send({.body = "second"});
    };
    const auto port = t.start();
    raw_client c(port);
    c.send(get + get);
    const std::string got = c.read_answers(2);
    CHECK(count_of(got, "first/x") == 2);
    CHECK(count_of(got, "second") == 0);
}

TEST_CASE("a late second answer does not reach the next request") {
    long_poll poll;
    test_server t;
    poll.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(get + get);
    const auto first = poll.asked.wait_for(1);
    first[0]->send({.body = "one"});
    CHECK_THAT(c.read_answers(1), Catch::EndsWith("one"));
    const auto both = poll.asked.wait_for(2);
    REQUIRE(both.size() == 2);
    both[0]->send({.body = "again"});
    both[1]->send({.body = "two"});
    CHECK_THAT(c.read_answers(1), Catch::EndsWith("two"));
}

TEST_CASE("a responder that is let go without an answer answers 500") {
    test_server t;
    t.handler.on_handle = [](request, responder_ptr) {};
    const auto port = t.start();
    raw_client c(port);
    c.send(get);
    CHECK(status_of(c.read_answers(1)) == 500);
}

TEST_CASE("a handler that throws answers 500 and closes") {
    test_server t;
    t.handler.on_handle = [](request, responder_ptr) { throw std::runtime_error("oops"); };
    const auto port = t.start();
    raw_client c(port);
    c.send(get);
    const std::string got = c.read_all();
    CHECK(status_of(got) == 500);
    CHECK_THAT(got, !Catch::Contains("oops"));
}

TEST_CASE("answers come from any thread") {
    auto config = test_config();
    config.threads = 2;
    std::vector<std::thread> threads;
    std::mutex mutex;
    test_server t(config);
    t.handler.on_handle = [&](request r, responder_ptr to) {
        const std::lock_guard lock(mutex);
        threads.emplace_back(
            [r = std::move(r), to = std::move(to)] { to->send({.body = r.body}); });
    };
    const auto port = t.start();
    raw_client a(port);
    raw_client b(port);
    for (int i = 0; i < 50; ++i) {
        const std::string body = "n" + std::to_string(i);
        const std::string post =
            "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body;
        a.send(post);
        b.send(post);
        CHECK_THAT(a.read_answers(1), Catch::EndsWith("\r\n\r\n" + body));
        CHECK_THAT(b.read_answers(1), Catch::EndsWith("\r\n\r\n" + body));
    }
    t.server->stop(1s);
    for (auto& thread : threads) {
        thread.join();
    }
}

TEST_CASE("too many connections are turned away with a reason, and make room again") {
    auto config = test_config();
    config.max_connections = 2;
    test_server t(config);
    const auto port = t.start();
    raw_client one(port);
    one.send(get);
    REQUIRE(status_of(one.read_answers(1)) == 200);
    {
        raw_client two(port);
        two.send(get);
        REQUIRE(status_of(two.read_answers(1)) == 200);
        raw_client three(port);
        const std::string got = three.read_all();
        CHECK(status_of(got) == 503);
        CHECK_THAT(got, Catch::Contains("overloaded") && Catch::Contains("Retry-After: 1"));
        CHECK(t.server->counters().connections_refused == 1);
        two.send("GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        CHECK(status_of(two.read_all()) == 200);
    }
    for (int i = 0; i < 1'000 && t.server->counters().connections_open > 1; ++i) {
        std::this_thread::yield();
    }
    raw_client four(port);
    four.send(get);
    CHECK(status_of(four.read_answers(1)) == 200);
}

TEST_CASE("too many connections of one peer are turned away with 429") {
    auto config = test_config();
    config.max_connections_per_peer = 1;
    test_server t(config);
    const auto port = t.start();
    raw_client one(port);
    one.send(get);
    REQUIRE(status_of(one.read_answers(1)) == 200);
    raw_client two(port);
    CHECK(status_of(two.read_all()) == 429);
}

TEST_CASE("the counters count") {
    test_server t;
    const auto port = t.start();
    raw_client c(port);
    c.send(get + get);
    const std::string got = c.read_answers(2);
    auto counted = t.server->counters();
    for (int i = 0; i < 100'000 && counted.bytes_out < got.size(); ++i) {  // counted once written
        std::this_thread::yield();
        counted = t.server->counters();
    }
    CHECK(counted.connections_open == 1);
    CHECK(counted.connections_total == 1);
    CHECK(counted.requests_total == 2);
    CHECK(counted.bytes_in == 2 * get.size());
    CHECK(counted.bytes_out == got.size());
}

TEST_CASE("stopping closes idle connections at once and refuses new ones") {
    test_server t;
    const auto port = t.start();
    raw_client idle(port);
    idle.send(get);
    REQUIRE(status_of(idle.read_answers(1)) == 200);
    const auto began = std::chrono::steady_clock::now();
    t.server->stop(10s);
    CHECK(std::chrono::steady_clock::now() - began < 5s);
    CHECK(idle.read_all().empty());
    CHECK_THROWS(raw_client(port));
    t.server->stop(10s);
}

TEST_CASE("stopping waits for the answer under way, which says that the connection ends") {
    long_poll poll;
    test_server t;
    poll.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(get);
    const auto asked = poll.asked.wait_for(1);
    REQUIRE(asked.size() == 1);
    std::thread stopper([&] { t.server->stop(5s); });
    asked[0]->send({.body = "still here"});
    const std::string got = c.read_all();
    stopper.join();
    CHECK_THAT(got, Catch::EndsWith("still here"));
    CHECK(poll.written.wait_for(1) == std::vector<bool>{true});
}

TEST_CASE("after the grace what is left is closed, and a late answer is dropped") {
    long_poll poll;
    test_server t;
    poll.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(get);
    const auto asked = poll.asked.wait_for(1);
    REQUIRE(asked.size() == 1);
    t.server->stop(50ms);
    CHECK(c.read_all().empty());
    CHECK(poll.gone.count() == 1);
    t.server.reset();
    asked[0]->send({.body = "too late"});
}

TEST_CASE("a port in use and an address that is none are said by name") {
    test_server t;
    auto config = test_config();
    config.port = t.start();
    CHECK_THROWS_WITH(
        start_server(config, t.handler),
        Catch::Contains(std::to_string(config.port)) && Catch::Contains("Address already in use"));
    config.address = "not an address";
    CHECK_THROWS_WITH(start_server(config, t.handler), Catch::Contains("not an address"));
}
