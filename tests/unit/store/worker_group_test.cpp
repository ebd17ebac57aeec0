#include "store/worker_group.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <vector>

using kwq::store::worker_group;

TEST_CASE("each piece of work is done once, however many there are") {
    for (const std::size_t helpers : {0U, 1U, 7U}) {
        worker_group group("test", helpers);
        for (const std::size_t count : {0U, 1U, 2U, 5U, 1'000U}) {
            std::vector<std::atomic<int>> done(count);
            group.each(count, [&](std::size_t n) { ++done[n]; });
            for (const auto& times : done) {
                CHECK(times == 1);
            }
        }
    }
}
