// Answers as a client reads them, whole and in any pieces.
#include "net/answer_parser.hpp"

#include <catch2/catch.hpp>

using namespace kwq::net;

namespace {

struct reading {
    bool done = false;
    bool bad = false;
    bool reusable = false;
    int status = 0;
    std::string body;
};

reading read(const std::string& bytes, std::size_t piece, bool ends = false) {
    answer_parser parser(false);
    reading out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        parser.feed(std::string_view(bytes).substr(at, piece),
                    [&](std::string_view part) { out.body.append(part); });
    }
    if (ends) {
        parser.end();
    }
    out.done = parser.done();
    out.bad = parser.bad();
    out.reusable = parser.reusable();
    out.status = parser.answer().status;
    return out;
}

const std::string ok = "HTTP/1.1 200 OK\r\n";

}  // namespace

TEST_CASE("answers with a length, in chunks and up to the end are read in any pieces") {
    const std::string with_length = ok + "Content-Length: 5\r\n\r\nhello";
    const std::string chunked = ok +
                                "Transfer-Encoding: chunked\r\n\r\n"
                                "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n";
    const std::string after_continue = "HTTP/1.1 100 Continue\r\n\r\n" + with_length;
    for (const auto& bytes : {with_length, chunked, after_continue}) {
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
            const auto got = read(bytes, piece);
            CHECK(got.done);
            CHECK(got.reusable);
            CHECK(got.status == 200);
            CHECK(got.body == "hello");
        }
    }
    CHECK_FALSE(read(ok + "\r\nhello", 3).done);
    const auto closed = read(ok + "\r\nhello", 3, true);
    CHECK(closed.done);
    CHECK_FALSE(closed.reusable);
    CHECK(closed.body == "hello");
}

TEST_CASE("a cut answer is not done") {
    for (const auto& bytes : {ok, ok + "Content-Length: 5\r\n\r\nhell",
                              ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                              ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"}) {
        INFO(bytes);
        CHECK_FALSE(read(bytes, 4, true).done);
    }
}

TEST_CASE("what is not HTTP is bad") {
    for (const auto& bytes : std::vector<std::string>{
             "SSH-2.0-x\r\n", "HTTP/2 200 OK\r\n", "HTTP/1.1 2x0 OK\r\n", "HTTP/1.1\r\n",
             ok + "no colon\r\n\r\n", ok + "Content-Length: x\r\n\r\n",
             ok + "Transfer-Encoding: gzip\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", ok + "X: y\n\r\n",
             ok + "X: " + std::string(70'000, 'x') + "\r\n\r\n"}) {
        INFO(bytes.substr(0, 60));
        CHECK(read(bytes, 7).bad);
    }
}

TEST_CASE("answers without a body end with their head") {
    CHECK(read("HTTP/1.1 204 No Content\r\n\r\n", 5).reusable);
    CHECK(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 5).done);
    CHECK(read(ok + "Content-Length: 0\r\n\r\n", 5).reusable);
    answer_parser to_head(true);
    to_head.feed(ok + "Content-Length: 5\r\n\r\n", [](std::string_view) {});
    CHECK(to_head.done());
}

TEST_CASE("a connection is not used again when it closes or says too much") {
    CHECK_FALSE(read(ok + "Content-Length: 1\r\nConnection: close\r\n\r\nx", 100).reusable);
    CHECK_FALSE(read("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 100).reusable);
    CHECK_FALSE(read(ok + "Content-Length: 1\r\n\r\nxy", 100).reusable);
}
