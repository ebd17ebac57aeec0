// histories: random but possible pasts of one shard, from a seed: submits, hand-outs, reports,
// failures, duplicates, cancels, commands, changes of owner, and reports that come too late.
#pragma once

#include "base/random.hpp"
#include "folding.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kwq::tracker {

struct random_history {
    std::map<std::string, std::vector<model::stored_task>> topics;
    std::vector<model::logged_event> status;
};

random_history make_history(std::uint64_t seed, int steps);

/// Feeds it to `take(task or event)`, each topic and the status in its own order, mixed by `seed`.
/// Seed 0: all topics first; seed 1: all of the status first.
template <class Task, class Event>
void interleave(const random_history& h, std::uint64_t seed, const Task& task, const Event& event) {
    seeded_random random(seed);
    std::vector<std::pair<const std::vector<model::stored_task>*, std::size_t>> topics;
    for (const auto& [name, records] : h.topics) {
        topics.emplace_back(&records, 0);
    }
    std::size_t next_event = 0;
    const auto some_event = [&] {
        if (next_event < h.status.size()) {
            event(h.status[next_event++]);
        }
    };
    while (seed == 1 && next_event < h.status.size()) {
        some_event();
    }
    std::size_t left = 0;
    for (const auto& [records, at] : topics) {
        left += records->size();
    }
    const std::uint64_t eagerness = seed == 0 ? 0 : random.below(100);
    while (left > 0) {
        if (random.below(100) < eagerness) {
            some_event();
            continue;
        }
        auto& [records, at] = topics[random.below(topics.size())];
        if (at < records->size()) {
            task((*records)[at++]);
            --left;
        }
    }
    while (next_event < h.status.size()) {
        some_event();
    }
}

}  // namespace kwq::tracker
