// Percent coding and UTF-8.
#include "net/http.hpp"
#include "net/response_head.hpp"
#include "net/target.hpp"

#include <catch2/catch.hpp>

using namespace kwq::net;

TEST_CASE("percent codes are decoded strictly") {
    CHECK(percent_decode("a%20b%2fC%C3%BC") == "a b/C\xc3\xbc");
    CHECK(percent_decode("a+b") == "a+b");
    CHECK(percent_decode("a+b", true) == "a b");
    CHECK(percent_decode("%00") == std::string(1, '\0'));
    CHECK(percent_decode("") == "");
    for (const auto* bad : {"%", "%1", "%g1", "%1g", "a%", "%%20"}) {
        INFO(bad);
        CHECK(percent_decode(bad) == std::nullopt);
    }
}

TEST_CASE("everything but unreserved characters is encoded, and comes back") {
    CHECK(percent_encode("aZ0-._~") == "aZ0-._~");
    CHECK(percent_encode("a b/c:\xff") == "a%20b%2Fc%3A%FF");
    std::string all;
    for (int i = 0; i < 256; ++i) {
        all.push_back(static_cast<char>(i));
    }
    CHECK(percent_decode(percent_encode(all)) == all);
}

TEST_CASE("UTF-8 is judged strictly") {
    for (const auto* good : {"", "abc", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        CHECK(is_utf8(good));
    }
    for (const auto* bad : {"\x80", "\xc0\xae", "\xc1\xbf", "\xc2", "\xe0\x9f\x80", "\xed\xa0\x80",
                            "\xe1\x80", "\xf0\x8f\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                            "\xff", "a\xc3(", "\xf1\x80\x80"}) {
        CHECK_FALSE(is_utf8(bad));
    }
}

TEST_CASE("an answer's head has the security fields unless the handler set them") {
    response r;
    r.headers = {{"cache-control", "max-age=60"}, {"X-Request-Id", "7"}};
    const std::string head =
        response_head(r, {.content_length = 2, .date = "Sun, 06 Nov 1994 08:49:37 GMT"});
    CHECK(head ==
          "HTTP/1.1 200 OK\r\n"
          "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
          "Server: kwq\r\n"
          "Content-Type: application/json\r\n"
          "Content-Length: 2\r\n"
          "X-Content-Type-Options: nosniff\r\n"
          "Referrer-Policy: no-referrer\r\n"
          "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
          "X-Frame-Options: DENY\r\n"
          "Cross-Origin-Opener-Policy: same-origin\r\n"
          "Cross-Origin-Resource-Policy: same-origin\r\n"
          "cache-control: max-age=60\r\n"
          "X-Request-Id: 7\r\n"
          "\r\n");
}

TEST_CASE("a handler cannot break out of a field nor change the framing") {
    response r;
    r.content_type = "text/plain\r\nX: y";
    r.headers = {{"X-A", "1\r\nSet-Cookie: a=b"},
                 {"X B", "1"},
                 {"", "1"},
                 {"X:C", "1"},
                 {"Content-Length", "9"},
                 {"transfer-encoding", "x"},
                 {"X-D", std::string("a\0b", 3)}};
    const std::string head = response_head(r, {.content_length = 2, .date = "now"});
    for (const auto* absent :
         {"Set-Cookie", "X-A", "X B", "X:C", "9", "X-D", "text/plain", "ransfer-"}) {
        INFO(absent);
        CHECK_THAT(head, !Catch::Contains(absent));
    }
}

TEST_CASE("answers without a body have no framing for one") {
    response r;
    r.status = 204;
    const std::string head = response_head(r, {.content_length = 0, .date = "now"});
    CHECK_THAT(head, !Catch::Contains("Content-Length") && !Catch::Contains("\nContent-Type"));
    CHECK_THAT(head, Catch::StartsWith("HTTP/1.1 204 No Content\r\n"));
}

TEST_CASE("dates are written as HTTP wants them") {
    CHECK(http_date(kwq::instant{784111777123}) == "Sun, 06 Nov 1994 08:49:37 GMT");
}
