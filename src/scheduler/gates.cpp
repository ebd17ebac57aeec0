#include "scheduler/gates.hpp"

#include <algorithm>

namespace kwq::scheduler {

namespace {

bool in_force_now(const model::gate& g, instant now) {
    return g.paused && (!g.until || now < *g.until);
}

template <class Map, class Key>
void set_or_forget(Map& map, const Key& key, const model::gate& g) {
    if (g.paused) {
        map.insert_or_assign(key, g);
    } else {
        map.erase(key);
    }
}

}  // namespace

void gates::apply(const model::gate& g) {
    switch (g.scope) {
        case model::gate_scope::all: all_ = g; break;
        case model::gate_scope::queue: set_or_forget(queues_, g.queue, g); break;
        case model::gate_scope::priority:
            set_or_forget(priorities_, std::make_pair(g.queue, g.priority), g);
            break;
        case model::gate_scope::job: set_or_forget(jobs_, g.job, g); break;
    }
}

bool gates::holds(const std::optional<model::gate>& g, instant now) {
    return g && in_force_now(*g, now);
}

model::dispatch gates::dispatch(instant now) const {
    if (dispatch_.until && now >= *dispatch_.until) {
        return {};
    }
    return dispatch_;
}

bool gates::all_paused(instant now) const {
    return holds(all_, now);
}

const model::gate* gates::queue_paused(const model::queue_name& queue, instant now) const {
    const auto found = queues_.find(queue);
    return found != queues_.end() && in_force_now(found->second, now) ? &found->second : nullptr;
}

bool gates::priority_paused(const model::queue_name& queue, model::priority p, instant now) const {
    if (priorities_.empty()) {
        return false;
    }
    const auto found = priorities_.find({queue, p});
    return found != priorities_.end() && in_force_now(found->second, now);
}

bool gates::job_paused(const model::job_name& job, instant now) const {
    if (jobs_.empty()) {
        return false;
    }
    const auto found = jobs_.find(job);
    return found != jobs_.end() && in_force_now(found->second, now);
}

bool gates::any_job_paused(instant now) const {
    return std::any_of(jobs_.begin(), jobs_.end(),
                       [&](const auto& entry) { return in_force_now(entry.second, now); });
}

std::vector<model::gate> gates::in_force(instant now) const {
    std::vector<model::gate> out;
    const auto add = [&](const model::gate& g) {
        if (in_force_now(g, now)) {
            out.push_back(g);
        }
    };
    if (all_) {
        add(*all_);
    }
    for (const auto& [_, g] : queues_) {
        add(g);
    }
    for (const auto& [_, g] : priorities_) {
        add(g);
    }
    for (const auto& [_, g] : jobs_) {
        add(g);
    }
    return out;
}

std::optional<instant> gates::next_change(instant now) const {
    std::optional<instant> next;
    const auto consider = [&](const std::optional<instant>& until) {
        if (until && *until > now && (!next || *until < *next)) {
            next = until;
        }
    };
    for (const auto& g : in_force(now)) {
        consider(g.until);
    }
    consider(dispatch_.until);
    return next;
}

}  // namespace kwq::scheduler
