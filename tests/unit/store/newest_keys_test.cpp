// A key that is stored is never said to be new; of those that come in order, all others are.
#include "store/newest_keys.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>
#include <string>

using kwq::store::newest_keys;

namespace {

std::string numbered(int n) {
    return "task-" + std::to_string(1'000'000 + n);
}

}  // namespace

TEST_CASE("keys that count up are new until they are added") {
    newest_keys keys(10);
    keys.begin(numbered(99));
    for (int n = 100; n < 200; ++n) {
        CHECK(keys.is_new(numbered(n)));
        keys.add(numbered(n));
        CHECK_FALSE(keys.is_new(numbered(n)));
        CHECK_FALSE(keys.is_new(numbered(n - 50)));
    }
    keys.begin(numbered(999));
    CHECK_FALSE(keys.is_new(numbered(150)));
    CHECK(keys.is_new(numbered(1'000)));
}

TEST_CASE("no key that was added is ever new, in whatever order they come") {
    std::minstd_rand random(3);
    for (const int scatter : {1, 15, 40, 100'000}) {
        newest_keys keys(20);
        std::set<std::string> stored;
        int said_new = 0;
        for (int n = 0; n < 5'000; ++n) {
            const auto key =
                numbered(n + static_cast<int>(random() % static_cast<unsigned>(scatter)));
            if (keys.is_new(key)) {
                ++said_new;
                REQUIRE_FALSE(stored.contains(key));
            }
            stored.insert(key);
            keys.add(key);
            auto old = stored.begin();
            std::advance(old, random() % stored.size());
            REQUIRE_FALSE(keys.is_new(*old));
        }
        CAPTURE(scatter);
        const int mistaken = static_cast<int>(stored.size()) / 50;  // for one that was added
        CHECK(said_new >=
              (scatter <= 15 ? static_cast<int>(stored.size()) - scatter - mistaken : 0));
    }
}
