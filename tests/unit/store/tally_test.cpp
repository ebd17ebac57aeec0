// Tallies: joined in any order they are what a plain map of numbers is.
#include "store/tally.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

using namespace kwq::store;

namespace {

using numbers = std::map<std::uint64_t, tallied>;  // by slot; the rule follows from the slot

joining rule_of(std::uint64_t slot) {
    return slot >= 1'000 ? joining::lately : static_cast<joining>(slot % 3);
}

void add(numbers& to, std::uint64_t slot, std::int64_t number) {
    const auto how = rule_of(slot);
    const auto [at, made] = to.try_emplace(slot, tallied{slot, how, number});
    auto& n = at->second.number;
    if (!made) {
        n = how == joining::greatest ? std::max(n, number)
            : how == joining::least  ? std::min(n, number)
                                     : n + number;
    }
}

std::string written(const numbers& all) {
    std::string out;
    tally_writer w(out);
    for (const auto& [slot, t] : all) {
        const bool is_late = t.how == joining::lately && slot + kept_lately <= all.rbegin()->first;
        if (!is_late) {
            w.put(t);
        }
    }
    return out;
}

std::string joined(std::string_view left, std::string_view right) {
    std::string out;
    join_tallies(left, right, out);
    return out;
}

}  // namespace

TEST_CASE("tallies join in any grouping to what all numbers together are") {
    std::minstd_rand random(17);
    for (int round = 0; round < 300; ++round) {
        numbers all;
        std::vector<std::string> parts;
        const auto many = 1 + random() % 8;
        for (unsigned p = 0; p < many; ++p) {
            numbers part;
            for (auto n = random() % 12; n > 0; --n) {
                const auto slot = random() % 4 == 0 ? 1'000 + random() % 30 : random() % 40;
                const auto drawn = static_cast<std::int64_t>(random() % 7);
                const auto number = slot >= 1'000 ? drawn + 1 : drawn - 3;
                add(part, slot, number);
                add(all, slot, number);
            }
            parts.push_back(written(part));
        }
        while (parts.size() > 1) {
            const auto at = random() % (parts.size() - 1);
            parts.at(at) = joined(parts.at(at), parts.at(at + 1));
            parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at + 1));
        }
        REQUIRE(parts.front() == written(all));
    }
}

TEST_CASE("a tally with nothing in it changes nothing") {
    numbers some;
    add(some, 3, 5);
    CHECK(joined(written(some), "") == written(some));
    CHECK(joined("", written(some)) == written(some));
    add(some, 3, -5);
    CHECK(written(some).empty());
}
