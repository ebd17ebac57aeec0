#include "sim/naive_order.hpp"

#include <algorithm>
#include <cstdlib>

namespace kwq::sim {

using model::offset;

struct naive_order::view {
    const basis& knew;
    instant at;
};

void naive_order::check(const model::event& e, const eventlog::log_record& r) const {
    const auto& a = std::get<model::allocated>(e.body);
    const auto mark = std::find_if(r.headers.begin(), r.headers.end(),
                                   [](const auto& h) { return h.first == bases::header; });
    if (mark == r.headers.end() || !e.owner || e.owner->epoch != model_.epoch_) {
        return;  // not of the owner: nobody promised anything
    }
    const auto& knew = model_.noted_.at(std::strtoull(mark->second.c_str(), nullptr, 10));
    const auto mine = model_.tasks_.find(a.place);
    if (!knew.in_order || knew.disk_failures != model_.noted_.disk_failures() ||
        mine == model_.tasks_.end()) {
        return;
    }
    const view v{knew, e.at};
    if (is_held_back(a.place, mine->second.job, v)) {
        world::broken("handed out while paused: " + to_string(a.place));
    }
    check_higher(a, v);
    if (model_.never_evicts_) {
        check_earlier(a, mine->second, v);
    }
}

void naive_order::check_higher(const model::allocated& a, const view& v) const {
    const auto mine = served_at(a.place, model_.tasks_.at(a.place));
    const auto must_not_wait = [&](const model::record& other) {
        const auto& t = model_.tasks_.at(other);
        if (served_at(other, t) > mine && was_ready(other, v, false)) {
            world::broken("priority inversion: " + to_string(a.place) + " was allocated while " +
                          to_string(other) + " (" + t.id.value() + ", back since " +
                          std::to_string(t.since.value()) + ") waited");
        }
    };
    const auto n = model_.queues_.at(a.place.queue);
    for (auto p = mine.value() + 1; p <= n; ++p) {
        const auto found = model_.waiting_.find({a.place.queue, model::priority{p}});
        if (found == model_.waiting_.end()) {
            continue;
        }
        for (const auto o : found->second) {
            must_not_wait({a.place.queue, model::priority{p}, o});
        }
    }
    const auto moved = model_.moved_.find(a.place.queue);
    if (moved == model_.moved_.end()) {
        return;
    }
    for (const auto& other : moved->second) {
        const auto waiting = model_.waiting_.find({other.queue, other.priority});
        if (waiting != model_.waiting_.end() && waiting->second.count(other.offset) > 0) {
            must_not_wait(other);
        }
    }
}

void naive_order::check_earlier(const model::allocated& a, const naive_task& mine,
                                const view& v) const {
    if (mine.since.value() >= 0 || prefers(mine, a.worker)) {
        return;
    }
    const auto found = model_.waiting_.find({a.place.queue, a.place.priority});
    if (found == model_.waiting_.end()) {
        return;
    }
    for (const auto o : found->second) {
        if (o >= a.place.offset) {
            return;
        }
        const model::record other{a.place.queue, a.place.priority, o};
        const auto& t = model_.tasks_.at(other);
        if (t.since.value() < 0 && t.job == mine.job && was_ready(other, v, true)) {
            world::broken("out of order: " + to_string(a.place) + " was allocated while " +
                          to_string(other) + " of the same job waited");
        }
    }
}

/// Known to be ready when the owner decided (or already a turn before), and not named since.
bool naive_order::was_ready(const model::record& where, const view& v, bool turn_before) const {
    const auto& t = model_.tasks_.at(where);
    const auto number = model_.number_of_topic(where);
    const auto& ends = turn_before ? v.knew.ends_before : v.knew.ends;
    const auto known_from = turn_before ? v.knew.status_before : v.knew.status;
    if (!t.body || number >= ends.size() || where.offset >= ends[number] || t.since >= known_from ||
        t.mentioned >= known_from) {
        return false;
    }
    const auto other = model_.bound(t.id);
    const bool duplicate = other && *other != where;
    const auto& body = t.body->body;
    const bool too_early = t.place == place::ahead && body.not_before && *body.not_before > v.at;
    const bool too_late = body.expires_at && *body.expires_at <= v.at;
    return !duplicate && !too_early && !too_late && !is_held_back(where, t.job, v);
}

bool naive_order::is_held_back(const model::record& where, const model::job_name& job,
                               const view& v) const {
    const auto priority = served_at(where, model_.tasks_.at(where));
    // The newest gate of each scope that the owner had read.
    const model::gate* scopes[4] = {nullptr, nullptr, nullptr, nullptr};
    for (const auto& [at, c] : model_.controls_) {
        const auto* g = std::get_if<model::gate>(&c.body);
        if (g == nullptr || at >= v.knew.control) {
            continue;
        }
        if (g->scope == model::gate_scope::queue && g->queue == where.queue) {
            scopes[0] = g;
        } else if (g->scope == model::gate_scope::priority && g->queue == where.queue &&
                   g->priority == priority) {
            scopes[1] = g;
        } else if (g->scope == model::gate_scope::job && g->job == job) {
            scopes[2] = g;
        } else if (g->scope == model::gate_scope::all) {
            scopes[3] = g;
        }
    }
    return std::any_of(std::begin(scopes), std::end(scopes), [&](const auto* g) {
        return g != nullptr && g->paused && (!g->until || v.at < *g->until);
    });
}

bool naive_order::prefers(const naive_task& t, const model::worker_name& worker) const {
    const auto found = model_.affinity_.find(worker);
    return t.body && found != model_.affinity_.end() &&
           std::any_of(found->second.begin(), found->second.end(), [&](const auto& key) {
               const auto& keys = t.body->body.affinity;
               return std::find(keys.begin(), keys.end(), key) != keys.end();
           });
}

}  // namespace kwq::sim
