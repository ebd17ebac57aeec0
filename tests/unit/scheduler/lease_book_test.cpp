#include "scheduler/lease_book.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace std::chrono_literals;
using scheduler::lease_book;

namespace {

model::record place(std::int64_t at) {
    return {model::queue_name{"default"}, model::priority{5}, model::offset{at}};
}

model::task_limits limits(milliseconds lease, std::optional<milliseconds> timeout = {}) {
    model::task_limits l;
    l.lease = lease;
    l.timeout = timeout;
    return l;
}

}  // namespace

TEST_CASE("a lease ends once, at its deadline") {
    lease_book book;
    book.open(place(1), limits(30s), 0ms);
    CHECK(book.take_ended(29'999ms, 10).empty());
    const auto ended = book.take_ended(30s, 10);
    REQUIRE(ended.size() == 1);
    CHECK_FALSE(ended.front().timed_out);
    CHECK(book.take_ended(31s, 10).empty());
}

TEST_CASE("a heartbeat gives a full period from when it came") {
    lease_book book;
    book.open(place(1), limits(30s), 0ms);
    book.renew(place(1), 20s);
    CHECK(book.deadline(place(1)) == 50s);
    CHECK(book.take_ended(49s, 10).empty());
    CHECK(book.take_ended(50s, 10).size() == 1);
}

TEST_CASE("the timeout of a run holds whatever the heartbeats") {
    lease_book book;
    book.open(place(1), limits(30s, 45s), 0ms);
    book.renew(place(1), 20s);
    book.renew(place(1), 40s);
    CHECK(book.next_end() == 45s);
    const auto ended = book.take_ended(45s, 10);
    REQUIRE(ended.size() == 1);
    CHECK(ended.front().timed_out);
}

TEST_CASE("an end that did not count comes again") {
    lease_book book;
    book.open(place(1), limits(10s), 0ms);
    CHECK_FALSE(book.is_ending(place(1)));
    CHECK(book.take_ended(10s, 10).size() == 1);
    CHECK(book.is_ending(place(1)));
    book.renew(place(1), 10s);  // too late: the event decides
    CHECK_FALSE(book.next_end());
    book.reopen(place(1), 10s);
    CHECK_FALSE(book.is_ending(place(1)));
    CHECK(book.take_ended(11s, 10).size() == 1);
}

TEST_CASE("progress is written when it changed, and not more than each five seconds") {
    lease_book book;
    book.open(place(1), limits(60s), 0ms);
    CHECK(book.note_progress(place(1), 1, 0ms));
    CHECK_FALSE(book.note_progress(place(1), 2, 4'999ms));
    CHECK(book.note_progress(place(1), 2, 5s));
    CHECK_FALSE(book.note_progress(place(1), 2, 20s));
    CHECK_FALSE(book.note_progress(place(2), 1, 20s));
}
