// Heads that are accepted and heads that are refused, as tables.
#include "net/request_head.hpp"

#include <catch2/catch.hpp>

using namespace kwq::net;

namespace {

server_config limits() {
    server_config c;
    c.max_header_bytes = 1'000;
    c.max_header_fields = 8;
    c.max_target_bytes = 200;
    return c;
}

/// What the server would do with these bytes: a status, or 0 when the head is accepted.
int verdict(const std::string& bytes, const server_config& config = limits()) {
    head_end_finder finder;
    const auto found = finder.find(bytes);
    if (const auto* why = std::get_if<refusal>(&found)) {
        return why->status;
    }
    const auto* length = std::get_if<std::size_t>(&found);
    if (length == nullptr) {
        const auto why = too_large(bytes, config);
        return why ? why->status : -1;
    }
    const auto parsed = parse_head(std::string_view(bytes).substr(0, *length), config);
    const auto* why = std::get_if<refusal>(&parsed);
    return why != nullptr ? why->status : 0;
}

request_head accepted(const std::string& bytes, const server_config& config = limits()) {
    const auto parsed = parse_head(bytes, config);
    INFO(bytes);
    const auto* why = std::get_if<refusal>(&parsed);
    INFO((why != nullptr ? why->detail : ""));
    REQUIRE(std::holds_alternative<request_head>(parsed));
    return std::get<request_head>(parsed);
}

std::string asking_for(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
}
std::string with(const std::string& fields, const std::string& line = "POST / HTTP/1.1") {
    return line + "\r\nHost: h\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("an ordinary head is read into its parts") {
    const auto head = accepted(
        "POST /kwq/v1/jobs/a%2Fb?limit=5&q=x+y%26&flag&=e HTTP/1.1\r\n"
        "Host: example:8080\r\nContent-Length: 12\r\nX-Thing:  padded \t\r\n\r\n");
    CHECK(head.asked.method == "POST");
    CHECK(head.asked.target == "/kwq/v1/jobs/a%2Fb?limit=5&q=x+y%26&flag&=e");
    CHECK(head.asked.path == "/kwq/v1/jobs/a%2Fb");
    CHECK(head.asked.parameter("limit") == "5");
    CHECK(head.asked.parameter("q") == "x y&");
    CHECK(head.asked.parameter("flag") == "");
    CHECK(head.asked.parameter("none") == std::nullopt);
    CHECK(head.asked.header("x-thing") == "padded");
    CHECK(head.asked.header("X-Thing") == std::nullopt);
    CHECK(head.content_length == 12);
    CHECK(head.keep_alive);
    CHECK_FALSE(head.expects_continue);
}

TEST_CASE("request lines") {
    const std::pair<const char*, int> table[] = {
        {"GET / HTTP/1.1", 0},
        {"GET / HTTP/1.0", 0},
        {"PATCH / HTTP/1.1", 0},
        {"GET / HTTP/1.2", 505},
        {"GET / HTTP/2.0", 505},
        {"GET / HTTP/0.9", 505},
        {"GET / HTTP/1.1 ", 400},
        {"GET / http/1.1", 400},
        {"GET / HTTP/11", 400},
        {"GET /", 400},
        {"GET", 400},
        {"GET  / HTTP/1.1", 400},
        {"GET /  HTTP/1.1", 400},
        {"GET / x HTTP/1.1", 400},
        {" GET / HTTP/1.1", 400},
        {"GET\t/\tHTTP/1.1", 400},
        {"get / HTTP/1.1", 501},
        {"BREW / HTTP/1.1", 501},
        {"TRACE / HTTP/1.1", 501},
        {"CONNECT h:1 HTTP/1.1", 501},
        {"PRI * HTTP/2.0", 505},
        {"G(T / HTTP/1.1", 400},
        {"GET / HTTP/1.1\rX: y", 400},
    };
    for (const auto& [line, status] : table) {
        INFO(line);
        CHECK(verdict(with("", line)) == status);
    }
}

TEST_CASE("targets") {
    const std::pair<std::string, int> table[] = {
        {"/a/b/c?x=y/z?", 0},
        {"/a%2Fb", 0},
        {"/j%C3%BCrgen", 0},
        {"/a//b", 0},
        {"/...", 0},
        {"/a..b/.c", 0},
        {"/?tag=k:v&x=%5B%5D", 0},
        {"*", 400},
        {"http://h/", 400},
        {"h:80", 400},
        {"a", 400},
        {"/..", 400},
        {"/a/../b", 400},
        {"/a/./b", 400},
        {"/a/..", 400},
        {"/%2e%2e/x", 400},
        {"/.%2E/x", 400},
        {"/%2e", 400},
        {"/a%00b", 400},
        {"/a?x=%00", 400},
        {"/a%", 400},
        {"/a%2", 400},
        {"/a%zz", 400},
        {"/a?x=%g0", 400},
        {"/a#b", 400},
        {"/a\\b", 400},
        {"/a\"b", 400},
        {"/a<b>", 400},
        {"/a{b}", 400},
        {"/a|b", 400},
        {"/a^b`", 400},
        {"/a[b]", 400},
        {"/a\x80", 400},
        {"/a\x7f", 400},
        {"/a\x01", 400},
        {"/%c0%ae%c0%ae/x", 400},
        {"/%ff", 400},
        {"/?x=%ed%a0%80", 400},
        {"/" + std::string(199, 'a'), 0},
        {"/" + std::string(200, 'a'), 414},
    };
    for (const auto& [target, status] : table) {
        INFO(target);
        CHECK(verdict(asking_for(target)) == status);
    }
}

TEST_CASE("header fields") {
    const std::pair<std::string, int> table[] = {
        {"X: y\r\n", 0},
        {"X:\r\n", 0},
        {"X: caf\xc3\xa9\r\n", 0},
        {"X-a_b!#$%&'*+.^`|~1: y\r\n", 0},
        {"X : y\r\n", 400},
        {": y\r\n", 400},
        {"X\r\n", 400},
        {"X y\r\n", 400},
        {"X: a\r\n b\r\n", 400},
        {"X: a\r\n\tb\r\n", 400},
        {" X: a\r\n", 400},
        {"X: a\nY: b\r\n", 400},
        {"X: a\rY: b\r\n", 400},
        {"X: a\r\r\n", 400},
        {"X: a\n\r\n", 400},
        {std::string("X: a\0b\r\n", 8), 400},
        {std::string("X\0: a\r\n", 7), 400},
        {"X: \x7f\r\n", 400},
        {"X: \x1b[0m\r\n", 400},
        {"(X): a\r\n", 400},
        {"Content-Type: a\r\ncontent-type: a\r\n", 400},
        {"Authorization: a\r\nAuthorization: b\r\n", 400},
        {"A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\nG: 1\r\n", 0},
        {"A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\nG: 1\r\nI: 1\r\n", 431},
        {"X: " + std::string(1'000, 'x') + "\r\n", 431},
        {"Expect: 100-Continue\r\n", 0},
        {"Expect: 200-ok\r\n", 417},
    };
    for (const auto& [fields, status] : table) {
        INFO(fields);
        CHECK(verdict(with(fields)) == status);
    }
}

TEST_CASE("framing: a Content-Length, once, in digits, or nothing") {
    const std::pair<const char*, int> table[] = {
        {"Content-Length: 5\r\n", 0},
        {"Content-Length: 0\r\n", 0},
        {"content-length:5\r\n", 0},
        {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
        {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
        {"Content-Length: 5, 5\r\n", 400},
        {"Content-Length: +5\r\n", 400},
        {"Content-Length: -5\r\n", 400},
        {"Content-Length: 0x5\r\n", 400},
        {"Content-Length: 5a\r\n", 400},
        {"Content-Length: 5 5\r\n", 400},
        {"Content-Length:\r\n", 400},
        {"Content-Length: 18446744073709551621\r\n", 400},
        {"Content-Length: 9999999999999999999\r\n", 400},
        {"Transfer-Encoding: chunked\r\n", 411},
        {"Transfer-Encoding: CHUNKED\r\n", 411},
        {"Transfer-Encoding: gzip\r\n", 400},
        {"Transfer-Encoding: xchunked\r\n", 400},
        {"Transfer-Encoding: chunked, identity\r\n", 400},
        {"Transfer-Encoding: identity\r\n", 400},
        {"Transfer-Encoding:\r\n", 400},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n", 400},
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
        {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
        {"Transfer-Encoding : chunked\r\n", 400},
        {"Transfer-Encoding: \x0b"
         "chunked\r\n",
         400},
        {"Transfer\xc2\xad-Encoding: chunked\r\n", 400},
    };
    for (const auto& [fields, status] : table) {
        INFO(fields);
        CHECK(verdict(with(fields)) == status);
    }
    CHECK(verdict(with("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0")) == 400);
    CHECK(verdict(with("Content-Length: 5\r\n", "GET / HTTP/1.1")) == 400);
    CHECK(verdict(with("Content-Length: 5\r\n", "HEAD / HTTP/1.1")) == 400);
    CHECK(verdict(with("Content-Length: 0\r\n", "GET / HTTP/1.1")) == 0);
    CHECK(verdict(with("Content-Length: 5\r\n", "DELETE / HTTP/1.1")) == 0);
}

TEST_CASE("Host: exactly one, a host, and one of those allowed") {
    const std::string line = "GET / HTTP/1.1\r\n";
    CHECK(verdict(line + "\r\n") == 400);
    CHECK(verdict("GET / HTTP/1.0\r\n\r\n") == 0);
    CHECK(verdict(line + "Host: a\r\nHost: a\r\n\r\n") == 400);
    CHECK(verdict("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
    for (const auto* host : {"", "a b", "a/b", "user@a", "a:b", "a:", "[::1", "a:123456", "a,b",
                             "\xc3\xa9", "[]", "a%41", "[::1]x"}) {
        INFO(host);
        const int wanted = std::string(host) == "a:" ? 0 : 400;
        CHECK(verdict(line + "Host: " + host + "\r\n\r\n") == wanted);
    }
    auto config = limits();
    config.allowed_hosts = {"localhost", "127.0.0.1", "[::1]", "Kwq.Example"};
    for (const auto* host :
         {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "[::1]", "kwq.example"}) {
        INFO(host);
        CHECK(verdict(line + "Host: " + host + "\r\n\r\n", config) == 0);
    }
    for (const auto* host :
         {"evil.example", "localhost.evil.example", "localhost.", "127.0.0.2", "[::2]"}) {
        INFO(host);
        CHECK(verdict(line + "Host: " + host + "\r\n\r\n", config) == 421);
    }
    CHECK(verdict("GET / HTTP/1.0\r\n\r\n", config) == 421);
}

TEST_CASE("keep-alive follows version and Connection") {
    CHECK(accepted(with("")).keep_alive);
    CHECK_FALSE(accepted(with("Connection: close\r\n")).keep_alive);
    CHECK_FALSE(accepted(with("Connection: Keep-Alive, CLOSE\r\n")).keep_alive);
    CHECK_FALSE(accepted(with("", "POST / HTTP/1.0")).keep_alive);
    CHECK(accepted(with("Connection: keep-alive\r\n", "POST / HTTP/1.0")).keep_alive);
    CHECK(accepted(with("Connection: foo\r\nConnection: bar\r\n")).keep_alive);
}

TEST_CASE("HEAD is read as a GET whose answer has no body") {
    const auto head = accepted(with("", "HEAD /x HTTP/1.1"));
    CHECK(head.asked.method == "GET");
    CHECK(head.head_only);
}

TEST_CASE("the base path is stripped, and what is outside is told apart") {
    auto config = limits();
    config.base_path = "/base";
    CHECK(accepted(asking_for("/base/a?x=1"), config).asked.path == "/a");
    CHECK(accepted(asking_for("/base"), config).asked.path == "/");
    CHECK(accepted(asking_for("/base/"), config).asked.path == "/");
    CHECK_FALSE(accepted(asking_for("/base/a"), config).outside_base_path);
    for (const auto* target : {"/", "/a", "/basement", "/bas", "/%62ase/a"}) {
        INFO(target);
        CHECK(accepted(asking_for(target), config).outside_base_path);
    }
}

TEST_CASE("the end of a head is found however it is cut") {
    const std::string bytes = asking_for("/abc") + "and more";
    const std::size_t length = asking_for("/abc").size();
    for (std::size_t cut = 1; cut < length; ++cut) {
        head_end_finder finder;
        CHECK(std::holds_alternative<std::monostate>(finder.find(bytes.substr(0, cut))));
        const auto found = finder.find(bytes);
        REQUIRE(std::holds_alternative<std::size_t>(found));
        CHECK(std::get<std::size_t>(found) == length);
    }
}

TEST_CASE("what cannot become a head is refused before its end") {
    CHECK(verdict("GET / HTTP/1.1\n") == 400);
    CHECK(verdict("\n") == 400);
    CHECK(verdict("\x16\x03\x01") == 400);
    CHECK(verdict("\r\nGET / HTTP/1.1\r\n") == 400);
    CHECK(verdict("GET / HTTP/1.1\r\nHost: x") == -1);
    CHECK(verdict("GET /" + std::string(300, 'a')) == 414);
    CHECK(verdict("GET / HTTP/1.1\r\nX: " + std::string(1'000, 'a')) == 431);
}
