// Bodies and answers in pieces, both at once, as fast as the slower side.
#include "raw_client.hpp"
#include "test_server.hpp"

#include "net/http_client.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace kwq::net;
using namespace std::chrono_literals;

namespace {

std::string head(std::size_t length, const std::string& version = "1.1") {
    return "POST /s HTTP/" + version + "\r\nHost: h\r\nContent-Length: " + std::to_string(length) +
           "\r\n\r\n";
}

/// /s is streamed, all else is not.
void admit_streams(scripted_handler& h) {
    h.on_admit = [](const request& r) {
        return request_handler::admission{1'000, r.path == "/s", {}};
    };
}

/// Answers each piece with itself.
void echo(scripted_handler& h) {
    admit_streams(h);
    h.on_stream = [](request, stream_responder_ptr to) {
        to->begin(200, "application/x-ndjson");
        body_stream s;
        s.on_piece = [to](std::string piece) {
            to->write(std::move(piece));
            to->more();
        };
        s.on_end = [to] { to->end(); };
        return s;
    };
}

/// Keeps what the server says of a stream; the test does the rest.
struct held_stream {
    mailbox<stream_responder_ptr> opened;
    mailbox<std::string> pieces;
    mailbox<bool> ended;
    mailbox<bool> gone;

    void install(scripted_handler& h) {
        admit_streams(h);
        h.on_stream = [this](request, stream_responder_ptr to) {
            opened.put(std::move(to));
            body_stream s;
            s.on_piece = [this](std::string piece) { pieces.put(std::move(piece)); };
            s.on_end = [this] { ended.put(true); };
            s.on_gone = [this] { gone.put(true); };
            return s;
        };
    }
    stream_responder_ptr responder() {
        const auto all = opened.wait_for(1);
        REQUIRE(all.size() == 1);
        return all[0];
    }
};

}  // namespace

TEST_CASE("a streamed exchange is answered in chunks, and the connection lives on") {
    test_server t;
    echo(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(head(11) + "hello world" + get);
    const std::string got = c.read_until("0\r\n\r\n");
    CHECK(status_of(got) == 200);
    CHECK_THAT(got, Catch::Contains("Transfer-Encoding: chunked\r\n") &&
                        Catch::Contains("Content-Type: application/x-ndjson\r\n") &&
                        Catch::EndsWith("\r\nb\r\nhello world\r\n0\r\n\r\n"));
    CHECK_THAT(got, !Catch::Contains("Content-Length"));
    CHECK_THAT(c.read_answers(1), Catch::EndsWith("GET /x "));
}

TEST_CASE("a streamed body may be empty") {
    test_server t;
    echo(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(head(0));
    CHECK_THAT(c.read_until("0\r\n\r\n"), Catch::EndsWith("\r\n\r\n0\r\n\r\n"));
}

TEST_CASE("to HTTP/1.0 a streamed answer ends with the connection") {
    test_server t;
    echo(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(head(5, "1.0") + "hello");
    const std::string got = c.read_all();
    CHECK_THAT(got, Catch::EndsWith("\r\n\r\nhello") && Catch::Contains("Connection: close"));
    CHECK_THAT(got, !Catch::Contains("chunked"));
}

TEST_CASE("the next piece comes only after more()") {
    held_stream s;
    test_server t;
    s.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(head(10) + "abc");
    REQUIRE(s.pieces.wait_for(1) == std::vector<std::string>{"abc"});
    c.send("defghij" + get);
    const auto to = s.responder();
    to->begin(200, "text/plain");
    to->write("seen");  // the server has been through its loop by the time this arrives
    CHECK_THAT(c.read_until("seen\r\n"), Catch::StartsWith("HTTP/1.1 200"));
    CHECK(s.pieces.count() == 1);
    to->more();
    CHECK(s.pieces.wait_for(2).back() == "defghij");
    CHECK(s.ended.wait_for(1).size() == 1);
    to->end();
    c.read_until("0\r\n\r\n");
    CHECK_THAT(c.read_answers(1), Catch::EndsWith("GET /x "));
}

TEST_CASE("a client that sends faster than the handler takes is held back") {
    held_stream s;
    test_server t;
    s.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    constexpr std::size_t length = 60'000'000;
    c.send(head(length));
    const std::string piece(1'000'000, 'x');
    std::size_t sent = 0;
    while (sent < length && c.try_send(piece)) {  // until the system's buffers are full
        sent += piece.size();
    }
    CHECK(sent < length);
    CHECK(s.pieces.wait_for(1).size() == 1);
    CHECK(t.server->counters().bytes_in < 300'000);
}

TEST_CASE("pieces are at most 64 KiB") {
    std::atomic<std::size_t> largest = 0;
    std::atomic<std::size_t> total = 0;
    test_server t;
    admit_streams(t.handler);
    t.handler.on_stream = [&](request, stream_responder_ptr to) {
        body_stream s;
        s.on_piece = [&, to](std::string piece) {
            largest = std::max<std::size_t>(largest, piece.size());
            total += piece.size();
            to->more();
        };
        s.on_end = [to] {
            to->begin(200, "text/plain");
            to->end();
        };
        return s;
    };
    const auto port = t.start();
    raw_client c(port);
    c.send(head(5'000'000));
    c.send(std::string(5'000'000, 'x'));
    CHECK(status_of(c.read_until("0\r\n\r\n")) == 200);
    CHECK(total == 5'000'000);
    CHECK(largest <= 65'536);
}

TEST_CASE("what the client does not take stays in unsent(), and is counted down when it does") {
    held_stream s;
    test_server t;
    s.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(head(1) + "x");
    const auto to = s.responder();
    to->begin(200, "text/plain");
    const std::string big(20'000'000, 'y');
    to->write(big);
    CHECK(to->unsent() == big.size());
    to->end();
    const std::string got = c.read_until("\r\n0\r\n\r\n");
    CHECK(count_of(got, std::string(1'000, 'y')) == 20'000);
    for (int i = 0; i < 100'000 && to->unsent() > 0; ++i) {
        std::this_thread::yield();
    }
    CHECK(to->unsent() == 0);
}

TEST_CASE("a client that does not read its answers is given no more of its body") {
    std::atomic<std::size_t> given = 0;
    test_server t;
    admit_streams(t.handler);
    t.handler.on_stream = [&](request, stream_responder_ptr to) {
        to->begin(200, "text/plain");
        body_stream s;
        s.on_piece = [&, to](std::string piece) {
            given += piece.size();
            to->write(std::string(piece.size() * 10, 'y'));
            to->more();
        };
        return s;
    };
    const auto port = t.start();
    raw_client c(port);
    constexpr std::size_t length = 60'000'000;
    c.send(head(length));
    const std::string piece(1'000'000, 'x');
    std::size_t sent = 0;
    while (sent < length && c.try_send(piece)) {
        sent += piece.size();
    }
    CHECK(sent < length);
    CHECK(given < 5'000'000);  // 1 MiB, and what the system's buffers took, divided by ten
}

TEST_CASE("both directions move at once") {
    test_server t;
    echo(t.handler);
    const auto port = t.start();
    raw_client c(port);
    constexpr int pieces = 200;
    constexpr std::size_t size = 50'000;
    c.send(head(pieces * size));
    std::size_t echoed = 0;
    for (int i = 0; i < pieces; ++i) {  // each piece is echoed before the next is sent
        c.send(std::string(size, 'z'));
        while (echoed < size * static_cast<std::size_t>(i + 1)) {
            echoed += static_cast<std::size_t>(count_of(c.read_until("z\r\n"), "z"));
        }
    }
    CHECK(echoed == pieces * size);
    CHECK_THAT(c.read_until("0\r\n\r\n"), Catch::EndsWith("0\r\n\r\n"));
}

TEST_CASE("a refused stream is an ordinary answer, and ends the connection if body is unread") {
    test_server t;
    admit_streams(t.handler);
    t.handler.on_stream = [](request, stream_responder_ptr to) {
        to->refuse({.status = 503, .body = "later"});
        return body_stream{};
    };
    const auto port = t.start();
    raw_client whole(port);
    whole.send(head(3) + "abc" + get);
    const std::string both = whole.read_answers(2);
    CHECK(status_of(both) == 503);
    CHECK_THAT(both, Catch::EndsWith("GET /x "));
    raw_client part(port);
    part.send(head(1'000) + "abc");
    const std::string got = part.read_until("later");
    CHECK(status_of(got) == 503);
    CHECK_THAT(got, Catch::Contains("Connection: close"));
}

TEST_CASE("an answer that ends before the body does ends the connection") {
    test_server t;
    admit_streams(t.handler);
    t.handler.on_stream = [](request, stream_responder_ptr to) {
        to->begin(200, "text/plain");
        to->write("enough");
        to->end();
        return body_stream{};
    };
    const auto port = t.start();
    raw_client c(port);
    c.send(head(1'000) + "abc");
    const std::string got = c.read_until("0\r\n\r\n");
    CHECK_THAT(got, Catch::Contains("Connection: close") && Catch::Contains("enough"));
    c.finish_sending();
    CHECK(c.read_all().empty());
}

TEST_CASE("a client that goes in the middle of a stream is gone, once") {
    held_stream s;
    test_server t;
    s.install(t.handler);
    const auto port = t.start();
    {
        raw_client c(port);
        c.send(head(1'000) + "abc");
        REQUIRE(s.pieces.wait_for(1).size() == 1);
    }
    CHECK(s.gone.wait_for(1).size() == 1);
    CHECK(s.ended.count() == 0);
    const auto to = s.responder();
    to->begin(200, "text/plain");
    to->write("for nobody");
    to->more();
    to->end();
    t.server->stop(1s);
    CHECK(s.gone.count() == 1);
}

TEST_CASE("a stalled upload is cut, and the handler hears of it") {
    auto config = test_config();
    config.stream_stall_timeout = 100ms;
    held_stream s;
    test_server t(config);
    s.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(head(1'000) + "abc");
    REQUIRE(s.pieces.wait_for(1).size() == 1);
    s.responder()->more();
    CHECK(s.gone.wait_for(1).size() == 1);
    CHECK(c.read_all().empty());
}

TEST_CASE("a stalled download is cut, and the handler hears of it") {
    auto config = test_config();
    config.stream_stall_timeout = 100ms;
    held_stream s;
    test_server t(config);
    s.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.small_receive_buffer();
    c.send(head(1) + "x");
    const auto to = s.responder();
    to->begin(200, "text/plain");
    to->write(std::string(50'000'000, 'y'));
    CHECK(s.gone.wait_for(1).size() == 1);
}

TEST_CASE("a slow handler is not a stalled client") {
    auto config = test_config();
    config.stream_stall_timeout = 50ms;
    config.idle_timeout = 300ms;
    held_stream s;
    test_server t(config);
    s.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(head(6) + "abc");
    REQUIRE(s.pieces.wait_for(1).size() == 1);
    raw_client idle(port);  // its end shows that the stall time has passed several times
    CHECK(idle.read_all().empty());
    CHECK(s.gone.count() == 0);
    c.send("def");
    s.responder()->more();
    CHECK(s.pieces.wait_for(2).size() == 2);
    s.responder()->begin(200, "text/plain");
    s.responder()->end();
    CHECK(status_of(c.read_until("0\r\n\r\n")) == 200);
}

TEST_CASE("a streamed answer may go on after the body, and its reader may leave") {
    held_stream s;
    test_server t;
    s.install(t.handler);
    const auto port = t.start();
    {
        raw_client c(port);
        c.send("GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
        CHECK(s.ended.wait_for(1).size() == 1);
        const auto to = s.responder();
        to->begin(200, "text/event-stream");
        for (int i = 0; i < 3; ++i) {
            to->write("data: " + std::to_string(i) + "\n\n");
            c.read_until("data: " + std::to_string(i) + "\n\n");
        }
        CHECK(s.gone.count() == 0);
    }
    CHECK(s.gone.wait_for(1).size() == 1);
}

TEST_CASE("stopping lets a stream end") {
    held_stream s;
    test_server t;
    s.install(t.handler);
    const auto port = t.start();
    raw_client c(port);
    c.send(head(3) + "abc");
    REQUIRE(s.ended.wait_for(1).size() == 1);
    std::thread stopper([&] { t.server->stop(5s); });
    s.responder()->begin(200, "text/plain");
    s.responder()->write("bye");
    s.responder()->end();
    const std::string got = c.read_all();
    stopper.join();
    CHECK_THAT(got, Catch::EndsWith("3\r\nbye\r\n0\r\n\r\n"));
}
