// final_checks: at rest, everybody must say the same: the scheduler's state, the tracker's answers
// and counters, and the naive model, which adds up what it has.
#pragma once

#include "sim/host.hpp"
#include "sim/world.hpp"
#include "tracker/tracker.hpp"

#include <functional>
#include <map>
#include <string>

namespace kwq::sim {

class final_checks {
public:
    final_checks(world& w, host& h, std::function<void()> step)
        : world_(w), host_(h), step_(std::move(step)) {}

    void run();

private:
    struct sum {
        tracker::state_counts counts{};
        std::int64_t submitted = 0, retries = 0, duplicates = 0, rejected = 0;
        std::string text() const;
    };

    void check_scheduler();
    void check_follow_ups();
    void add_up();
    void check_groups();
    void check_tasks();
    void check_maps();
    void check_windows();
    void check_errors();
    void compare(const std::string& name, const sum& mine, const tracker::group_view& theirs);
    /// Asks the tracker and lets the world go on until it has answered.
    template <class T>
    T ask(const std::function<void(tracker::tracker&, tracker::callback<T>)>& question);

    world& world_;
    host& host_;
    const std::function<void()> step_;
    sum overall_;
    std::map<std::string, sum> jobs_;
    std::map<std::string, sum> tags_;
};

}  // namespace kwq::sim
