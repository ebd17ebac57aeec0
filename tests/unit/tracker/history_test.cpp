// Random pasts, read in many orders, cut anywhere: always the answers of a plain recount (K17,
// K27).
#include "histories.hpp"
#include "recount.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>

using namespace kwq;
using namespace kwq::tracker;

namespace {

constexpr int histories = 40;
constexpr int steps = 400;
/// Jobs of these pasts have some thirty tasks: of how many they may have counters of their tags.
constexpr std::array<std::uint32_t, 4> uncounted{0, 3, 20, 1'000};

std::string one_text(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& l : lines) {
        out += l + "\n";
    }
    return out;
}

/// Only the lines that the other does not have: what a person wants to see of a failure.
std::string differences(const std::vector<std::string>& got,
                        const std::vector<std::string>& wanted) {
    std::vector<std::string> only;
    for (const auto& l : got) {
        if (std::find(wanted.begin(), wanted.end(), l) == wanted.end()) {
            only.push_back("got    " + l);
        }
    }
    for (const auto& l : wanted) {
        if (std::find(got.begin(), got.end(), l) == got.end()) {
            only.push_back("wanted " + l);
        }
    }
    return one_text(only);
}

std::vector<std::string> recounted(const random_history& h) {
    recount r;
    interleave(
        h, 0, [&](const auto& t) { r.add(t); }, [&](const auto& e) { r.add(e); });
    return r.lines();
}

/// Every row, list and counter as stored, but for the numbers of names: these depend on who came
/// first.
std::vector<std::string> listed(folding& f) {
    std::vector<std::string> out;
    for (int s = -1; s < model::task_state_count; ++s) {
        task_filter filter;
        filter.limit = 1'000;
        if (s >= 0) {
            filter.state = static_cast<model::task_state>(s);
        }
        for (const auto& v : f.ask->tasks(filter).value().items) {
            out.push_back(std::to_string(s) + " " + to_string(v.place) + " " + v.id.value() + " " +
                          std::string(to_string(v.state)) + " " + v.cancel_reason + " " +
                          v.last_error + " " + v.worker.value() + " " +
                          std::to_string(v.ended_at.value_or(instant{0}).value()));
        }
    }
    return out;
}

}  // namespace

TEST_CASE("the random pasts hold something of everything") {
    std::array<std::int64_t, model::task_state_count> states{};
    std::int64_t duplicates = 0;
    std::int64_t rejected = 0;
    std::int64_t retries = 0;
    std::uint64_t void_events = 0;
    for (std::uint64_t seed = 1; seed <= histories; ++seed) {
        const auto h = make_history(seed, steps);
        folding f;
        interleave(
            h, seed, [&](const auto& t) { f.add(t); }, [&](const auto& e) { f.add(e); });
        const auto all = f.ask->overall();
        add_counts(states, all.counts);
        duplicates += all.duplicates;
        rejected += all.rejected;
        retries += all.retries;
        void_events += f.data->totals.void_events;
    }
    for (const auto n : states) {
        CHECK(n > histories / 2);
    }
    CHECK(duplicates > histories / 2);
    CHECK(rejected > histories / 2);
    CHECK(retries > histories / 2);
    CHECK(void_events > histories * 5);
}

TEST_CASE("the order in which topics and events are read does not change any answer") {
    for (std::uint64_t seed = 1; seed <= histories; ++seed) {
        const auto h = make_history(seed, steps);
        const auto wanted = recounted(h);
        std::vector<std::string> rows;
        for (std::uint64_t mix = 0; mix < 8; ++mix) {
            folding f(uncounted.at(mix % uncounted.size()));
            seeded_random pace(seed * 100 + mix);
            const auto maybe_sweep = [&] {
                if (pace.below(10) == 0) {
                    f.folder->open_sweeps().advance(3);
                } else if (pace.below(20) == 0) {
                    f.commit_and_reopen();
                }
            };
            interleave(
                h, mix == 0 ? 0 : (mix == 1 ? 1 : seed * 1'000 + mix),
                [&](const auto& t) { f.add(t), maybe_sweep(); },
                [&](const auto& e) { f.add(e), maybe_sweep(); });
            f.sweep_all();
            CAPTURE(seed, mix);
            REQUIRE(differences(lines_of(f), wanted) == "");
            const auto now = listed(f);
            REQUIRE(differences(now, rows.empty() ? now : rows) == "");
            rows = now;
        }
    }
}

TEST_CASE("single tasks, jobs, queues and totals are right before any sweep") {
    for (std::uint64_t seed = 1; seed <= histories; ++seed) {
        const auto h = make_history(seed, steps);
        folding f;
        interleave(
            h, seed, [&](const auto& t) { f.add(t); }, [&](const auto& e) { f.add(e); });
        CAPTURE(seed);
        const auto without_tags = [](std::vector<std::string> lines) {
            std::erase_if(lines, [](const auto& l) {
                return l.starts_with("tag ") || l.starts_with("in job ");
            });
            return lines;
        };
        REQUIRE(differences(without_tags(lines_of(f)), without_tags(recounted(h))) == "");
        for (int s = 0; s < model::task_state_count; ++s) {
            task_filter filter;
            filter.state = static_cast<model::task_state>(s);
            for (const auto& v : f.ask->tasks(filter).value().items) {
                REQUIRE(filter.state.holds(v.state));
            }
        }
    }
}

TEST_CASE("a restart at any point leads to the same state") {
    for (std::uint64_t seed = 1; seed <= histories; ++seed) {
        const auto h = make_history(seed, steps);
        folding f(uncounted.at(seed % uncounted.size()));
        seeded_random cuts(seed);
        const auto maybe_cut = [&] {
            if (cuts.below(20) == 0) {
                f.commit_and_reopen();
                f.folder->open_sweeps().advance(2);
            }
        };
        interleave(
            h, seed * 7 + 2, [&](const auto& t) { f.add(t), maybe_cut(); },
            [&](const auto& e) { f.add(e), maybe_cut(); });
        f.commit_and_reopen();
        f.sweep_all();
        CAPTURE(seed);
        REQUIRE(differences(lines_of(f), recounted(h)) == "");
    }
}
