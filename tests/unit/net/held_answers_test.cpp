// Answers to those who were turned away: each comes once, in time, and not all at the same moment.
#include "net/held_answers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace kwq::net {

TEST_CASE("who is turned away hears of it in time, and few at the same moment") {
    constexpr int many = 1'000;
    const mono_time start{milliseconds{5'000}};
    held_answers held;
    int told = 0;
    for (int i = 0; i < many; ++i) {
        held.hold([&] { ++told; }, start);
    }
    held.release(start + held_answers::shortest - milliseconds{1});
    CHECK(told == 0);
    int most = 0;
    for (auto at = held_answers::shortest; at < held_answers::longest; at += milliseconds{10}) {
        const int before = told;
        held.release(start + at);
        most = std::max(most, told - before);
    }
    CHECK(most < many / 20);
    held.release(start + held_answers::longest);
    CHECK(told == many);
    CHECK(held.empty());
}

TEST_CASE("an answer that is let go may be followed by another that is held") {
    const mono_time start{milliseconds{5'000}};
    held_answers held;
    int told = 0;
    held.hold([&] { held.hold([&] { ++told; }, start + held_answers::longest); }, start);
    held.release(start + held_answers::longest);
    CHECK_FALSE(held.empty());
    held.release(start + held_answers::longest * 2);
    CHECK(told == 1);
}

}  // namespace kwq::net
