// The blocking client against the server.
#include "net/http_client.hpp"

#include "raw_client.hpp"
#include "scripted_handler.hpp"

#include <thread>

#include <catch2/catch.hpp>

using namespace kwq::net;
using namespace std::chrono_literals;

namespace {

server_config any_port() {
    server_config c;
    c.port = 0;
    return c;
}

std::string url_of(const server& s) {
    return "http://127.0.0.1:" + std::to_string(s.port());
}

}  // namespace

TEST_CASE("a request is answered with its method, path and body") {
    scripted_handler handler;
    const auto server = start_server(any_port(), handler);
    const auto client = make_http_client({.url = url_of(*server)});
    const auto got = client->request("POST", "/a/b?x=1", "hello", {}, 5s);
    REQUIRE(got.has_value());
    CHECK(got->status == 200);
    CHECK(got->content_type == "text/plain");
    CHECK(got->body == "POST /a/b hello");
}

TEST_CASE("a client uses one connection for many requests") {
    scripted_handler handler;
    const auto server = start_server(any_port(), handler);
    const auto client = make_http_client({.url = url_of(*server)});
    for (int i = 0; i < 20; ++i) {
        REQUIRE(client->request("GET", "/", {}, {}, 5s).has_value());
    }
    CHECK(server->counters().connections_total == 1);
    CHECK(server->counters().requests_total == 20);
}
