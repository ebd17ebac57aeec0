// Raw bytes in, raw bytes out: framing, smuggling, pipelining, sizes.
#include "raw_client.hpp"
#include "test_server.hpp"

#include <catch2/catch.hpp>

using namespace kwq::net;

namespace {

/// All that a fresh connection gets for these bytes, if the server closes it.
std::string closing(std::uint16_t port, const std::string& bytes) {
    raw_client c(port);
    c.send(bytes);
    return c.read_all();
}

std::string post(const std::string& body, const std::string& more = {}) {
    return "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + more + "\r\n" + body;
}

const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace

TEST_CASE("what is refused is answered once, and the connection ends") {
    test_server t;
    const auto port = t.start();
    const auto head = [](const std::string& fields) {
        return "POST /x HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
    };
    const std::pair<std::string, int> table[] = {
        {head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + smuggled, 400},
        {head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "0\r\n\r\n" + smuggled, 400},
        {head("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n" + smuggled, 411},
        {head("Transfer-Encoding: gzip\r\n") + smuggled, 400},
        {head("Transfer-Encoding: chunked, identity\r\n") + smuggled, 400},
        {head("Transfer-Encoding : chunked\r\n") + smuggled, 400},
        {head("Content-Length: 3\r\nContent-Length: 3\r\n") + "abc" + smuggled, 400},
        {head("Content-Length: 3, 3\r\n") + "abc" + smuggled, 400},
        {head("Content-Length: +3\r\n") + "abc" + smuggled, 400},
        {head("X: a\r\n folded: b\r\n") + smuggled, 400},
        {head("X: a\nY: b\r\n") + smuggled, 400},
        {"GET /x HTTP/1.1\nHost: h\n\n" + smuggled, 400},
        {"\r\n" + get, 400},
        {"GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n" + smuggled, 400},
        {"GET /a/../b HTTP/1.1\r\nHost: h\r\n\r\n" + smuggled, 400},
        {"GET /%2e%2e/b HTTP/1.1\r\nHost: h\r\n\r\n" + smuggled, 400},
        {"GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n" + smuggled, 400},
        {"GET /x HTTP/1.1\r\n\r\n" + smuggled, 400},
        {"GET /x HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n" + smuggled, 400},
        {"GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + smuggled, 400},
        {"GET /x HTTP/2.0\r\nHost: h\r\n\r\n" + smuggled, 505},
        {"BREW /x HTTP/1.1\r\nHost: h\r\n\r\n" + smuggled, 501},
        {"GET /" + std::string(300, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n" + smuggled, 414},
        {"GET /" + std::string(5'000, 'a'), 414},
        {head("X: " + std::string(2'000, 'a') + "\r\n") + smuggled, 431},
        {"GET /x HTTP/1.1\r\nX: " + std::string(5'000, 'a'), 431},
        {post(std::string(1'001, 'b')) + smuggled, 413},
        {head("Content-Length: 99999999999\r\n"), 413},
        {head("Expect: magic\r\n"), 417},
        {"\x16\x03\x01 a TLS greeting", 400},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    };
    for (const auto& [bytes, status] : table) {
        INFO(bytes.substr(0, 120));
        const std::string got = closing(port, bytes);
        INFO(got);
        CHECK(status_of(got) == status);
        CHECK(count_of(got, "HTTP/1.1 ") == 1);
        CHECK_THAT(got, Catch::Contains("Connection: close\r\n"));
        CHECK_THAT(got, Catch::Contains("Content-Type: application/problem+json\r\n"));
        CHECK_THAT(got, !Catch::Contains("reset") && !Catch::Contains("timed_out"));
    }
}

TEST_CASE("a Host that is not allowed gets 421") {
    auto config = test_config();
    config.allowed_hosts = {"localhost"};
    test_server t(config);
    const auto port = t.start();
    CHECK(status_of(closing(port, get)) == 421);
    raw_client c(port);
    c.send("GET /x HTTP/1.1\r\nHost: LocalHost:99\r\n\r\n");
    CHECK(status_of(c.read_answers(1)) == 200);
}

TEST_CASE("every answer has the security fields, a date and a server") {
    test_server t;
    const auto port = t.start();
    raw_client c(port);
    c.send(get);
    const std::string good = c.read_answers(1);
    const std::string bad = closing(port, "GET\r\n\r\n");
    for (const auto& got : {good, bad}) {
        for (const auto* line :
             {"\r\nX-Content-Type-Options: nosniff\r\n", "\r\nReferrer-Policy: no-referrer\r\n",
              "\r\nCache-Control: no-store\r\n", "\r\nServer: kwq\r\n", "\r\nDate: ",
              "\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"}) {
            INFO(line);
            CHECK_THAT(got, Catch::Contains(line));
        }
    }
}

TEST_CASE("requests come in any pieces") {
    test_server t;
    const auto port = t.start();
    const std::string bytes = post("hello world");
    raw_client c(port);
    for (const char byte : bytes) {
        c.send({&byte, 1});
    }
    CHECK_THAT(c.read_answers(1), Catch::EndsWith("POST /x hello world"));
}

TEST_CASE("pipelined requests are answered in order, one at a time") {
    mailbox<responder_ptr> asked;
    test_server t;
    t.handler.on_handle = [&](request, responder_ptr to) { asked.put(std::move(to)); };
    const auto port = t.start();
    raw_client c(port);
    std::string all;
    for (int i = 0; i < 50; ++i) {
        all += i % 2 == 0 ? get : post("body " + std::to_string(i));
    }
    c.send(all);
    for (std::size_t i = 0; i < 50; ++i) {
        const auto so_far = asked.wait_for(i + 1);
        REQUIRE(so_far.size() == i + 1);
        response r;
        r.body = "answer " + std::to_string(i) + ";";
        so_far[i]->send(std::move(r));
        CHECK_THAT(c.read_answers(1), Catch::EndsWith("answer " + std::to_string(i) + ";"));
    }
}

TEST_CASE("a thousand pipelined requests are all answered") {
    auto config = test_config();
    config.threads = 2;
    test_server t(config);
    const auto port = t.start();
    raw_client c(port);
    std::string all;
    for (int i = 0; i < 1'000; ++i) {
        all += post("n" + std::to_string(i) + ".");
    }
    c.send(all);
    const std::string got = c.read_answers(1'000);
    CHECK(count_of(got, "HTTP/1.1 200 OK") == 1'000);
    CHECK(got.find("POST /x n0.") < got.find("POST /x n500."));
    CHECK_THAT(got, Catch::EndsWith("POST /x n999."));
}

TEST_CASE(
    "a refused body is stepped over when it is there, and ends the connection when it is not") {
    test_server t;
    t.handler.on_admit = [](const request& r) {
        request_handler::admission a;
        a.max_body = 1'000;
        if (r.header("authorization") == std::nullopt) {
            a.refuse = response{.status = 401, .body = "no"};
        }
        return a;
    };
    const auto port = t.start();
    raw_client c(port);
    c.send(post("secret") + post("yes", "Authorization: Bearer x\r\n"));
    const std::string both = c.read_answers(2);
    CHECK(status_of(both) == 401);
    CHECK_THAT(both, Catch::EndsWith("POST /x yes"));

    const std::string got =
        closing(port, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n" + smuggled);
    CHECK(status_of(got) == 401);
    CHECK(count_of(got, "HTTP/1.1 ") == 1);
    CHECK_THAT(got, Catch::Contains("Connection: close"));
}

TEST_CASE("a client that is refused while it still sends gets to read why") {
    test_server t;
    const auto port = t.start();
    raw_client c(port);
    c.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n");
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 40; ++i) {
        c.send(piece);
    }
    const std::string got = c.read_until("}");
    CHECK(status_of(got) == 413);
    CHECK_THAT(got, Catch::Contains("payload_too_large"));
}

TEST_CASE("100-continue is said once the head is admitted, and not otherwise") {
    test_server t;
    const auto port = t.start();
    const std::string head =
        "POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: ";
    raw_client c(port);
    c.send(head + "5\r\n\r\n");
    CHECK(c.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    c.send("hello");
    CHECK_THAT(c.read_answers(1), Catch::EndsWith("POST /x hello"));
    c.send(head + "3\r\n\r\nabc");  // did not wait: nothing to say
    CHECK_THAT(c.read_answers(1), Catch::StartsWith("HTTP/1.1 200"));

    const std::string refused = closing(port, head + "5000\r\n\r\n");
    CHECK(status_of(refused) == 413);
    CHECK(count_of(refused, "HTTP/1.1 ") == 1);
}

TEST_CASE("HEAD is answered as GET, without the body") {
    test_server t;
    const auto port = t.start();
    raw_client c(port);
    c.send("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n" + get);
    const std::string head = c.read_until("\r\n\r\n");
    CHECK_THAT(head, Catch::Contains("Content-Length: 9\r\n"));
    CHECK_THAT(c.read_answers(1), Catch::StartsWith("HTTP/1.1 200") && Catch::EndsWith("GET /x "));
}

TEST_CASE("HTTP/1.0 closes unless asked not to") {
    test_server t;
    const auto port = t.start();
    CHECK_THAT(closing(port, "GET /x HTTP/1.0\r\n\r\n"),
               Catch::Contains("Connection: close\r\n") && Catch::EndsWith("GET /x "));
    raw_client c(port);
    c.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK_THAT(c.read_answers(1), Catch::Contains("Connection: keep-alive\r\n"));
    c.send("GET /y HTTP/1.0\r\n\r\n");
    CHECK_THAT(c.read_all(), Catch::EndsWith("GET /y "));
}

TEST_CASE("Connection: close is kept by both sides") {
    test_server t;
    const auto port = t.start();
    const std::string got =
        closing(port, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + smuggled);
    CHECK(count_of(got, "HTTP/1.1 ") == 1);
    t.handler.on_handle = [](request, responder_ptr to) { to->send({.body = "b", .close = true}); };
    const std::string forced = closing(port, get + smuggled);
    CHECK(count_of(forced, "HTTP/1.1 ") == 1);
    CHECK_THAT(forced, Catch::Contains("Connection: close\r\n"));
}

TEST_CASE("a connection serves so many requests and no more") {
    auto config = test_config();
    config.max_requests_per_connection = 3;
    test_server t(config);
    const auto port = t.start();
    const std::string got = closing(port, get + get + get + get + get);
    CHECK(count_of(got, "HTTP/1.1 200") == 3);
    CHECK(count_of(got, "Connection: close") == 1);
}

TEST_CASE("paths outside the base path are unknown, and the connection lives on") {
    auto config = test_config();
    config.base_path = "/base";
    test_server t(config);
    const auto port = t.start();
    raw_client c(port);
    c.send(get + "GET /base/y HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string both = c.read_answers(2);
    CHECK(status_of(both) == 404);
    CHECK_THAT(both, Catch::Contains("route_unknown") && Catch::EndsWith("GET /y "));
}

TEST_CASE("bodies of a shared string, empty bodies and 204 are framed") {
    test_server t;
    t.handler.on_handle = [](request r, responder_ptr to) {
        response out;
        if (r.path == "/shared") {
            out.shared_body = std::make_shared<const std::string>("for all");
        } else if (r.path == "/none") {
            out.status = 204;
        }
        to->send(std::move(out));
    };
    const auto port = t.start();
    raw_client c(port);
    const auto ask = [&](const std::string& path) {
        c.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
        return c.read_answers(1);
    };
    CHECK_THAT(ask("/shared"), Catch::EndsWith("\r\n\r\nfor all"));
    CHECK_THAT(ask("/empty"), Catch::Contains("Content-Length: 0\r\n"));
    CHECK(status_of(ask("/none")) == 204);
    CHECK_THAT(ask("/shared"), Catch::EndsWith("\r\n\r\nfor all"));
}

TEST_CASE("a large body goes and comes back unharmed") {
    test_server t;
    t.handler.on_admit = [](const request&) {
        return request_handler::admission{3'000'000, false, {}};
    };
    t.handler.on_handle = [](request r, responder_ptr to) {
        to->send({.body = std::move(r.body)});
    };
    const auto port = t.start();
    std::string body;
    for (int i = 0; body.size() < 2'000'000; ++i) {
        body += std::to_string(i) + ",";
    }
    raw_client c(port);
    REQUIRE(c.try_send(post(body)));
    CHECK_THAT(c.read_answers(1), Catch::EndsWith("\r\n\r\n" + body));
}
