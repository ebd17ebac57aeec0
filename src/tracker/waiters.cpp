#include "tracker/waiters.hpp"

#include <algorithm>
#include <utility>

namespace kwq::tracker {

void waiters::add(for_positions w) {
    positions_.push_back(std::move(w));
}

void waiters::add(for_change w) {
    changes_.push_back(std::move(w));
}

void waiters::serve(const sources& read, const fold_changes& changes, mono_time now) {
    // `then` may add a waiter: it lands in the other list, or is looked at next time.
    for (auto w = positions_.begin(); w != positions_.end();) {
        std::erase_if(w->after, [&](const auto& p) { return read.reached(p); });
        if (!w->after.empty() && now < w->deadline) {
            ++w;
            continue;
        }
        const auto ready = std::move(*w);
        w = positions_.erase(w);
        if (ready.after.empty()) {
            ready.then({});
        } else {
            ready.then(model::error{model::errc::tracker_behind,
                                    "the tracker has not read that far yet", "after"});
        }
    }
    for (auto w = changes_.begin(); w != changes_.end();) {
        const bool touched = changes.all_tasks || (w->task && changes.tasks.contains(*w->task)) ||
                             (w->job && changes.jobs.contains(*w->job));
        const bool over = now >= w->deadline;
        const bool answered =
            (touched || over) && w->attempt(over ? moment::deadline : moment::changed);
        w = answered ? changes_.erase(w) : std::next(w);
    }
}

void waiters::stop() {
    for (auto& w : std::exchange(positions_, {})) {
        w.then(model::error{model::errc::stopping, "the server is stopping", {}});
    }
    for (auto& w : std::exchange(changes_, {})) {
        w.attempt(moment::stopping);
    }
}

std::optional<mono_time> waiters::next_deadline() const {
    std::optional<mono_time> next;
    const auto consider = [&](mono_time at) { next = next ? std::min(*next, at) : at; };
    for (const auto& w : positions_) {
        consider(w.deadline);
    }
    for (const auto& w : changes_) {
        consider(w.deadline);
    }
    return next;
}

}  // namespace kwq::tracker
