// The line of requests that let others go first: who is served, who is turned away, and when.
#include "net/waiting_line.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace kwq::net {

namespace {

constexpr mono_time start{milliseconds{1'000'000}};

mono_time at(int ms) {
    return start + milliseconds{ms};
}

struct written_line {
    void join(char name, int ms) {
        line.join([this, name](bool ok) { (ok ? served : turned_away) += name; }, at(ms));
    }
    waiting_line line;
    std::string served;
    std::string turned_away;
};

}  // namespace

TEST_CASE("a line serves one at a time, in the order they came", "[waiting_line]") {
    written_line w;
    w.join('a', 0);
    w.join('b', 1);
    w.line.advance(at(2));
    CHECK(w.served == "a");
    w.line.advance(at(3));
    CHECK(w.served == "ab");
    CHECK(w.line.empty());
    w.line.advance(at(4));
    CHECK(w.turned_away.empty());
}

TEST_CASE("a line that has only just formed keeps nobody from being served", "[waiting_line]") {
    written_line w;
    w.join('a', 0);
    w.join('b', 0);
    w.line.advance(at(400));
    w.line.advance(at(499));
    CHECK(w.served == "ab");
    CHECK(w.turned_away.empty());
}

TEST_CASE("a line that stands turns away who waited for more than a moment", "[waiting_line]") {
    written_line w;
    w.join('a', 0);
    w.join('b', 50);
    w.join('c', 597);
    w.join('d', 599);
    w.line.advance(at(600));
    CHECK(w.turned_away == "ab");
    CHECK(w.served == "c");
    w.line.advance(at(601));
    CHECK(w.served == "cd");
}

TEST_CASE("a line that moves and is not empty for long stands", "[waiting_line]") {
    written_line w;
    for (int ms = 0; ms < 280; ++ms) {
        w.join('x', ms);
        w.join('x', ms);
        w.line.advance(at(ms));
        w.line.leave(at(ms), at(ms + 1));
    }
    CHECK(w.turned_away.size() > 20);
    CHECK(w.served.size() > 230);
}

TEST_CASE("a line stands no sooner because a disk did not answer", "[waiting_line]") {
    written_line w;
    for (int ms = 0; ms < 480; ms += 240) {
        for (int i = 0; i < 4; ++i) {
            w.join('x', ms);
            w.line.advance(at(ms));
        }
        w.join('x', ms);
        w.line.leave(at(ms), at(ms + 239));
    }
    w.line.advance(at(480));
    w.line.advance(at(480));
    CHECK(w.turned_away.empty());
    CHECK(w.line.empty());
}

TEST_CASE("a line that stood has patience again when nobody waited for a while", "[waiting_line]") {
    written_line w;
    w.join('a', 0);
    w.line.advance(at(600));
    CHECK(w.turned_away == "a");
    REQUIRE(w.line.empty());
    w.join('b', 601);
    w.line.advance(at(650));
    CHECK(w.turned_away == "ab");
    w.join('c', 1'800);
    w.line.advance(at(1'804));
    w.join('d', 2'500);
    w.line.advance(at(2'503));
    CHECK(w.turned_away == "abc");
    CHECK(w.served == "d");
    w.join('e', 3'900);
    w.line.advance(at(3'950));
    CHECK(w.turned_away == "abc");
    CHECK(w.served == "de");
}

TEST_CASE("no more are being answered at once than there is room for", "[waiting_line]") {
    written_line w;
    for (std::size_t i = 0; i < waiting_line::first_room + 1; ++i) {
        w.join('x', 0);
        w.line.advance(at(0));
    }
    CHECK(w.served.size() == waiting_line::first_room);
    CHECK_FALSE(w.line.moves(at(1)));
    w.line.leave(at(0), at(1));
    REQUIRE(w.line.moves(at(1)));
    w.line.advance(at(1));
    CHECK(w.served.size() == waiting_line::first_room + 1);
}

namespace {

/// A second in which there is always somebody waiting, and each answer takes what `takes` says of
/// so many at once.
template <class Takes>
void crowd(written_line& w, int from, Takes takes) {
    for (int ms = from; ms < from + 1'000;) {
        const auto room = w.line.room();
        for (std::size_t i = 0; i < room + 1; ++i) {
            w.join('x', ms);
        }
        while (w.line.moves(at(ms)) && w.served.size() < room) {
            w.line.advance(at(ms));
        }
        const int took = takes(room);
        for (std::size_t i = 0; i < w.served.size(); ++i) {
            w.line.leave(at(ms), at(ms + took));
        }
        w.served.clear();
        ms += took;
    }
}

}  // namespace

TEST_CASE("where answers share one wait, more are let in", "[waiting_line]") {
    written_line w;
    crowd(w, 0, [](std::size_t) { return 9; });
    CHECK(w.line.room() > 2 * waiting_line::first_room);
}

TEST_CASE("where more at once only takes longer, fewer are let in", "[waiting_line]") {
    written_line w;
    for (int ms = 0; ms < 500; ms += 2) {  // calm: one after the other
        w.join('x', ms);
        w.line.advance(at(ms));
        w.line.leave(at(ms), at(ms + 1));
    }
    w.served.clear();
    crowd(w, 1'000, [](std::size_t room) { return static_cast<int>(room); });
    CHECK(w.line.room() < waiting_line::first_room / 2);
}

TEST_CASE("nobody is served who waited for a second", "[waiting_line]") {
    written_line w;
    w.join('a', 0);
    w.line.advance(at(1'500));
    CHECK(w.turned_away == "a");
}

TEST_CASE("a long line is turned away in steps", "[waiting_line]") {
    written_line w;
    for (int i = 0; i < 40; ++i) {
        w.join('x', 0);
    }
    w.line.advance(at(600));
    CHECK(w.turned_away.size() == 32);
    w.line.advance(at(600));
    CHECK(w.turned_away.size() == 40);
}

}  // namespace kwq::net
