// The simulated log's faults: each happens when asked for and only then, the same seed gives the
// same history, and the orders that every log promises hold through all of them.
#include "eventlog/simulated/simulated_log.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace kwq;
using namespace kwq::eventlog;

namespace {

const topic_partition here{"t", 0};
const topic_partition there{"t", 1};

class hand_clock final : public clock {
public:
    instant wall() const override { return instant{1000} + since_; }
    mono_time monotonic() const override { return mono_time{since_}; }
    void advance(milliseconds by) { since_ += by; }

private:
    milliseconds since_{1};
};

struct simulation {
    explicit simulation(std::uint64_t seed, const simulated_faults& faults = {}) : random(seed) {
        REQUIRE(log.ensure_topic("t", 2).has_value());
        log.set_faults(faults);
    }

    /// Appends `count` single records, named 0, 1, 2, …; notes who was answered, in order.
    void append(const topic_partition& where, int count, durability how = durability::synced) {
        for (int i = 0; i < count; ++i) {
            const auto name = std::to_string(where.partition) + ":" + std::to_string(i);
            log.append(
                where, {{.key = {}, .value = std::to_string(i), .headers = {}}}, how,
                [this, name](const result<offset>& r) {
                    history.push_back(name + " " +
                                      (r.has_value() ? std::to_string(r->value())
                                                     : std::string(to_string(r.error().code))));
                });
        }
    }
    std::vector<std::string> values(const topic_partition& where) {
        std::vector<std::string> found;
        for (const auto& r : log.read(where, log.range(where)->first, 1U << 20U).value()) {
            found.push_back(r.value);
        }
        return found;
    }
    std::ptrdiff_t answers(const std::string& ending) const {
        return std::count_if(history.begin(), history.end(),
                             [&](const auto& line) { return line.ends_with(ending); });
    }

    hand_clock time;
    seeded_random random;
    simulated_log log{time, random};
    std::vector<std::string> history;
};

bool ascending(const std::vector<std::string>& values) {
    return std::is_sorted(values.begin(), values.end(),
                          [](const auto& a, const auto& b) { return std::stoi(a) < std::stoi(b); });
}

simulated_faults everything() {
    return {.delayed = 200, .unknown = 100, .late_answer = 300, .storage_full = 100};
}

}  // namespace

TEST_CASE("nothing happens before a step, and each step does one thing") {
    simulation s(1);
    s.append(here, 1);
    CHECK(s.log.range(here)->end == offset{0});
    CHECK(s.log.step());  // its place
    CHECK(s.log.range(here)->end == offset{1});
    CHECK(s.log.range(here)->durable == offset{0});
    CHECK(s.history.empty());
    CHECK(s.log.step());  // the sync
    CHECK(s.log.range(here)->durable == offset{1});
    CHECK(s.history.empty());
    CHECK(s.log.step());  // the answer
    CHECK(s.history == std::vector<std::string>{"0:0 0"});
    CHECK_FALSE(s.log.step());
}

TEST_CASE("ordered appends become durable when their time has come") {
    simulation s(1);
    s.append(here, 1, durability::ordered);
    s.log.run_until_quiet();
    CHECK(s.history.size() == 1);
    CHECK(s.log.range(here)->durable == offset{0});
    s.time.advance(sync_interval);
    s.log.run_until_quiet();
    CHECK(s.log.range(here)->durable == offset{1});
}

TEST_CASE("the same seed gives the same history, another one another") {
    const auto run = [](std::uint64_t seed) {
        simulation s(seed, everything());
        s.append(here, 50);
        s.append(there, 50, durability::ordered);
        s.log.run_until_quiet();
        s.history.push_back(std::to_string(s.values(here).size()));
        return s.history;
    };
    CHECK(run(7) == run(7));
    CHECK(run(7) != run(8));
}

TEST_CASE("through all faults every append is answered once, and places keep the order") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        simulation s(seed, everything());
        s.append(here, 30);
        s.append(there, 30, durability::ordered);
        s.log.run_until_quiet();
        REQUIRE(s.history.size() == 60);
        CHECK(ascending(s.values(here)));
        CHECK(ascending(s.values(there)));
    }
}

TEST_CASE("an unknown append may have happened or not") {
    simulation s(3, {.unknown = 1000});
    s.append(here, 100);
    s.log.run_until_quiet();
    CHECK(s.answers("unknown") == 100);
    CHECK(s.values(here).size() > 20);
    CHECK(s.values(here).size() < 80);
}

TEST_CASE("a log that stops at an unknown append answers all later ones so") {
    simulation s(3, {.unknown = 100, .unknown_stops = true});
    s.append(here, 100);
    s.log.run_until_quiet();
    CHECK(s.answers("stopped") > 0);
    CHECK(s.answers("unknown") > 0);
    CHECK(s.log.flush().has_error());
    s.log.crash(crash_kind::process);
    s.log.set_faults({});
    s.append(here, 1);
    s.log.run_until_quiet();
    CHECK(s.log.flush().has_value());
}

TEST_CASE("a full disk refuses an append and nothing of it happens") {
    simulation s(3, {.storage_full = 500});
    s.append(here, 100);
    s.log.run_until_quiet();
    const auto refused = s.answers("storage_full");
    CHECK(refused > 20);
    CHECK(s.values(here).size() == 100 - static_cast<std::size_t>(refused));
}

TEST_CASE("answers come out of order between partitions") {
    simulation s(3, {.late_answer = 500});
    s.append(here, 20);
    s.append(there, 20);
    s.log.run_until_quiet();
    CHECK_FALSE(std::is_sorted(s.history.begin(), s.history.end(),
                               [](const auto& a, const auto& b) { return a[0] < b[0]; }));
}

TEST_CASE("a process's death keeps what has its place, and its callbacks never come") {
    simulation s(1);
    s.append(here, 1, durability::ordered);
    s.log.run_until_quiet();
    s.history.clear();
    s.append(here, 5);
    s.log.watch(here, "w", [&](const partition_range&) { s.history.emplace_back("watched"); });
    s.log.crash(crash_kind::process);
    s.log.run_until_quiet();
    CHECK(s.history.empty());
    CHECK(s.values(here).size() == 1);
}

TEST_CASE("a power cut keeps what is durable and, torn at a record, some of the rest") {
    std::size_t shortest = 99;
    std::size_t longest = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        simulation s(seed);
        s.append(here, 5);
        s.log.run_until_quiet();
        s.append(here, 10, durability::ordered);
        s.log.run_until_quiet();
        s.log.crash(crash_kind::power_cut);
        shortest = std::min(shortest, s.values(here).size());
        longest = std::max(longest, s.values(here).size());
        CHECK(s.log.range(here)->durable == s.log.range(here)->end);
    }
    CHECK(shortest == 5);
    CHECK(longest == 15);
    simulation s(1, {.power_cut_tears = false});
    s.append(here, 10, durability::ordered);
    s.log.run_until_quiet();
    s.log.crash(crash_kind::power_cut);
    CHECK(s.values(here).empty());
}
