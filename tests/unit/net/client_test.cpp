// The blocking client against the server, and against servers that break off.
#include "net/http_client.hpp"

#include "scripted_socket.hpp"
#include "test_server.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace kwq::net;
using namespace std::chrono_literals;
using kind = client_error::kind;

namespace {

std::string url_of(std::uint16_t port) {
    return "http://127.0.0.1:" + std::to_string(port);
}

kind kind_of(const client_result& r) {
    REQUIRE(r.has_error());
    INFO(r.error().detail);
    return r.error().what;
}

const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace

TEST_CASE("a request is answered with its method, path and body") {
    test_server t;
    const auto port = t.start();
    const auto client = make_http_client({.url = url_of(port)});
    const auto got = client->request("POST", "/a/b?x=1", "hello", {}, 5s);
    REQUIRE(got.has_value());
    CHECK(got->status == 200);
    CHECK(got->content_type == "text/plain");
    CHECK(got->body == "POST /a/b hello");
}

TEST_CASE("a client uses one connection for many requests") {
    test_server t;
    const auto port = t.start();
    const auto client = make_http_client({.url = url_of(port)});
    for (int i = 0; i < 20; ++i) {
        REQUIRE(client->request(i % 2 == 0 ? "GET" : "HEAD", "/", {}, {}, 5s).has_value());
    }
    CHECK(t.server->counters().connections_total == 1);
    CHECK(t.server->counters().requests_total == 20);
}

TEST_CASE("the token, the base path and more fields are sent, and no field can be broken out of") {
    test_server t;
    t.handler.on_handle = [](request r, responder_ptr to) {
        response out;
        out.body = r.path + "|" + std::string(r.header("authorization").value_or("")) + "|" +
                   std::string(r.header("x-more").value_or("")) + "|" +
                   std::string(r.header("content-type").value_or("")) + "|" +
                   std::string(r.header("evil").value_or(""));
        to->send(std::move(out));
    };
    const auto port = t.start();
    const auto client = make_http_client({.url = url_of(port) + "/base/", .token = "secret"});
    const auto got = client->request("POST", "/a", "{}", {{"X-More", "1\r\nEvil: 2"}}, 5s);
    REQUIRE(got.has_value());
    CHECK(got->body == "/base/a|Bearer secret|1Evil: 2|application/json|");
}

TEST_CASE("urls") {
    for (const auto* bad : {"", "127.0.0.1:80", "https://a", "http://", "http://:80",
                            "http://a:", "http://a:x", "http://u@a", "http://a?b", "http://a b",
                            "http://[::1", "http://[::1]x", "http://a:123456"}) {
        INFO(bad);
        const auto client = make_http_client({.url = bad});
        CHECK(kind_of(client->request("GET", "/", {}, {}, 5s)) == kind::bad_url);
    }
    test_server t;
    const auto port = t.start();
    const auto client = make_http_client({.url = "http://localhost:" + std::to_string(port) + "/"});
    CHECK(client->request("GET", "/", {}, {}, 5s).has_value());
}

TEST_CASE("nobody there is not_connected") {
    std::uint16_t port = 0;
    {
        const scripted_socket s({});
        port = s.port();
    }
    const auto client = make_http_client({.url = url_of(port)});
    CHECK(kind_of(client->request("POST", "/", "x", {}, 5s)) == kind::not_connected);
    const auto nowhere = make_http_client({.url = "http://no-such-host.invalid"});
    CHECK(kind_of(nowhere->request("GET", "/", {}, {}, 5s)) == kind::not_connected);
}

TEST_CASE("no answer in time is a timeout, and the connection is not used again") {
    mailbox<responder_ptr> asked;
    test_server t;
    t.handler.on_handle = [&](request r, responder_ptr to) {
        if (r.path == "/slow") {
            asked.put(std::move(to));
        } else {
            to->send({.body = "quick"});
        }
    };
    const auto port = t.start();
    const auto client = make_http_client({.url = url_of(port)});
    CHECK(kind_of(client->request("GET", "/slow", {}, {}, 50ms)) == kind::timeout);
    const auto got = client->request("GET", "/", {}, {}, 5s);
    REQUIRE(got.has_value());
    CHECK(got->body == "quick");
    CHECK(t.server->counters().connections_total == 2);
}

TEST_CASE("abort ends a request that blocks, and the client goes on") {
    mailbox<responder_ptr> asked;
    test_server t;
    t.handler.on_handle = [&](request r, responder_ptr to) {
        if (r.path == "/slow") {
            asked.put(std::move(to));
        } else {
            to->send({.body = "quick"});
        }
    };
    const auto port = t.start();
    const auto client = make_http_client({.url = url_of(port)});
    std::thread other([&] {
        asked.wait_for(1);
        client->abort();
    });
    CHECK(kind_of(client->request("GET", "/slow", {}, {}, 30s)) == kind::no_answer);
    other.join();
    CHECK(asked.count() == 1);
    CHECK(client->request("GET", "/", {}, {}, 5s).has_value());
}

TEST_CASE("a kept connection that the server closed is opened again") {
    scripted_socket s({{answer, true}, {answer, true}});
    const auto client = make_http_client({.url = url_of(s.port())});
    REQUIRE(client->request("POST", "/", "x", {}, 5s).has_value());
    s.wait_until_closed(1);
    REQUIRE(client->request("POST", "/", "x", {}, 5s).has_value());
    CHECK(s.accepted() == 2);
}

TEST_CASE("a GET that got no byte of an answer is sent again once, a POST is not") {
    {
        scripted_socket s({{"", true}, {answer, true}});
        const auto client = make_http_client({.url = url_of(s.port())});
        CHECK(client->request("GET", "/", {}, {}, 5s).has_value());
    }
    {
        scripted_socket s({{"", true}, {"", true}, {answer, true}});
        const auto client = make_http_client({.url = url_of(s.port())});
        CHECK(kind_of(client->request("GET", "/", {}, {}, 5s)) == kind::no_answer);
        CHECK(s.accepted() == 2);
    }
    scripted_socket s({{"", true}, {answer, true}});
    const auto client = make_http_client({.url = url_of(s.port())});
    CHECK(kind_of(client->request("POST", "/", "x", {}, 5s)) == kind::no_answer);
    CHECK(s.accepted() == 1);
}

TEST_CASE("an answer that breaks off is no answer, even to a GET") {
    scripted_socket s({{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", true}, {answer, true}});
    const auto client = make_http_client({.url = url_of(s.port())});
    CHECK(kind_of(client->request("GET", "/", {}, {}, 5s)) == kind::no_answer);
}

TEST_CASE("what is not HTTP is a bad answer") {
    scripted_socket s({{"SSH-2.0-OpenSSH_9.2\r\n", false}});
    const auto client = make_http_client({.url = url_of(s.port())});
    CHECK(kind_of(client->request("GET", "/", {}, {}, 5s)) == kind::bad_answer);
}

TEST_CASE("a refusal reaches a client that is still sending") {
    test_server t;
    const auto port = t.start();
    const auto client = make_http_client({.url = url_of(port)});
    const auto got = client->request("POST", "/", std::string(8'000'000, 'x'), {}, 5s);
    REQUIRE(got.has_value());
    CHECK(got->status == 413);
    CHECK(client->request("GET", "/", {}, {}, 5s).has_value());
}

TEST_CASE("lines arrive one by one while the body is still being sent") {
    test_server t;
    t.handler.on_admit = [](const request&) { return request_handler::admission{0, true, {}}; };
    t.handler.on_stream = [](request, stream_responder_ptr to) {
        to->begin(200, "application/x-ndjson");
        body_stream s;
        s.on_piece = [to](std::string piece) {
            to->write(std::move(piece));
            to->more();
        };
        s.on_end = [to] { to->end(); };
        return s;
    };
    const auto port = t.start();
    std::string body;
    for (int i = 0; i < 200'000; ++i) {
        body += "line " + std::to_string(i) + "\n";
    }
    body += "the last, without an end";
    const auto client = make_http_client({.url = url_of(port)});
    int lines = 0;
    std::string last;
    const auto got = client->request_lines("POST", "/s", body, {}, 20s, [&](std::string_view line) {
        ++lines;
        last = std::string(line);
    });
    REQUIRE(got.has_value());
    CHECK(got->status == 200);
    CHECK(got->body.empty());
    CHECK(lines == 200'001);
    CHECK(last == "the last, without an end");
}

TEST_CASE("a problem in place of lines is the answer's body") {
    test_server t;
    const auto port = t.start();
    const auto client = make_http_client({.url = url_of(port)});
    int lines = 0;
    const auto got = client->request_lines("POST", "/", std::string(2'000, 'x'), {}, 5s,
                                           [&](std::string_view) { ++lines; });
    REQUIRE(got.has_value());
    CHECK(got->status == 413);
    CHECK_THAT(got->body, Catch::Contains("payload_too_large"));
    CHECK(lines == 0);
}
