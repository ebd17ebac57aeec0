#include "sim/driver.hpp"

#include "store/kv.hpp"

#include <algorithm>

namespace kwq::sim {

bool loop_group::run_until(const std::function<bool()>& done, milliseconds patience) {
    const auto until = world_.now() + patience;
    while (!done()) {
        if (dead_ || world_.now() > until) {
            return false;
        }
        step_();
    }
    return true;
}

bool loop_group::is_due(run_loop& loop) const {
    const auto next = loop.next_turn();
    return next && *next <= world_.now();
}

std::size_t loop_group::runnable() const {
    if (dead_ || is_suspended()) {
        return 0;
    }
    return static_cast<std::size_t>(
        std::count_if(loops_.begin(), loops_.end(), [this](auto* l) { return is_due(*l); }));
}

void loop_group::run(std::size_t n) {
    const auto due =
        std::find_if(loops_.begin(), loops_.end(), [&](auto* l) { return is_due(*l) && n-- == 0; });
    ++turns_;
    world_.past.add("turn", due - loops_.begin());
    try {
        (*due)->turn();
    } catch (const store::storage_failure& e) {
        world_.past.explain(std::string("the process ends: ") + e.what());
        die();
    }
}

std::optional<mono_time> loop_group::next_turn() const {
    std::optional<mono_time> next;
    if (dead_) {
        return next;
    }
    for (auto* loop : loops_) {
        if (const auto at = loop->next_turn(); at && (!next || *at < *next)) {
            next = at;
        }
    }
    return next && is_suspended() ? std::max(*next, suspended_until_) : next;
}

}  // namespace kwq::sim
