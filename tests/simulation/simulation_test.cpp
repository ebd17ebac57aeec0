// What is promised of the simulator itself.
#include "sim/simulation.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>

namespace {

using namespace kwq;

sim::run_result run(std::uint64_t seed, std::uint64_t steps = 5'000) {
    sim::coverage unused;
    return sim::run_seed({.seed = seed, .steps = steps}, unused);
}

TEST_CASE("the same seed is the same history") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const auto first = run(seed);
        const auto second = run(seed);
        CHECK(first.hash == second.hash);
        CHECK(first.events == second.events);
    }
    CHECK(run(1).hash != run(2).hash);
}

TEST_CASE("recording what happens changes nothing of it") {
    sim::coverage unused;
    const auto recorded = sim::run_seed({.seed = 3, .steps = 5'000, .recording = true}, unused);
    CHECK(recorded.hash == run(3).hash);
    CHECK_FALSE(recorded.newest.empty());
}

TEST_CASE("a world without faults comes to rest too") {
    sim::coverage unused;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const auto r = sim::run_seed({.seed = seed, .steps = 2'000, .only = sim::faults{}}, unused);
        INFO("seed " << seed);
        CHECK(r.violation == "");
    }
}

TEST_CASE("seeds that found something once find nothing now") {
    std::ifstream file(KWQ_FOUND_SEEDS);
    REQUIRE(file);
    int seeds = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') {
            continue;
        }
        std::uint64_t seed = 0;
        std::uint64_t steps = 0;
        std::istringstream(line) >> seed >> steps;
        INFO(line);
        CHECK(run(seed, steps).violation == "");
        ++seeds;
    }
    CHECK(seeds > 0);
}

}  // namespace
