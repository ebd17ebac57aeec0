// The naive model's own rules: which events count, and what becomes of a task.
#include "sim/naive_model.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace kwq::sim {

using model::offset;
using model::outcome;

namespace {

bool is_open(place p) {
    return p == place::ahead || p == place::scheduled || p == place::pending || p == place::leased;
}

bool is_waiting(const naive_task& t) {
    return (t.place == place::ahead || t.place == place::pending) && !t.parked;
}

}  // namespace

naive_task& naive_model::at(const model::record& where) {
    return tasks_[where];  // a foreign event may name a record that is not there
}

naive_verdict naive_model::judge(offset at_offset, const model::event& e) {
    naive_verdict v;
    v.reason = judge_partition(at_offset, e);
    const auto* where = model::place_of(e.body);
    if (where != nullptr) {
        v.before = at(*where).place;
        at(*where).mentioned = at_offset;
    }
    if (v.reason != void_reason::none) {
        return v;
    }
    if (where == nullptr) {
        take_partition(at_offset, e);
        return v;
    }
    naive_task& t = at(*where);
    forget_if_past(t);
    v.before = t.place;
    v.forgotten = is_forgotten(t) || t.cancelled_unnamed;
    v.reason = judge_task(at_offset, e, t);
    if (v.reason != void_reason::none) {
        return v;
    }
    check_accepted(at_offset, e, t);
    take(at_offset, e, t);
    t.since = at_offset;
    const lane l{where->queue, where->priority};
    if (is_waiting(t)) {
        waiting_[l].insert(where->offset);
    } else {
        waiting_[l].erase(where->offset);
    }
    return v;
}

void_reason naive_model::judge_partition(offset at_offset, const model::event& e) {
    if (std::holds_alternative<model::claim>(e.body)) {
        epoch_ = at_offset;
        t_ = milliseconds{0};
        return void_reason::none;
    }
    if (!model::is_owner_event(e.body)) {
        return void_reason::none;
    }
    if (!e.owner || e.owner->epoch != epoch_ || e.owner->t < t_) {
        return void_reason::stale_epoch;
    }
    if (const auto* c = std::get_if<model::control>(&e.body)) {
        if (c->control_offset <= control_seen_) {
            return void_reason::stale_control;
        }
        control_seen_ = c->control_offset;
    }
    t_ = e.owner->t;
    return void_reason::none;
}

void_reason naive_model::judge_first(const naive_task& t, const model::task_id& id,
                                     const std::optional<model::task_intro>& intro) const {
    if (t.place != place::ahead) {
        return void_reason::none;
    }
    const auto other = bound(id);
    if (other && &tasks_.at(*other) != &t) {
        return void_reason::id_taken;
    }
    return intro ? void_reason::none : void_reason::no_intro;
}

void_reason naive_model::judge_lease(const naive_task& t, const model::lease_token& lease,
                                     outcome how) {
    if (t.place == place::leased && t.lease == lease) {
        return void_reason::none;
    }
    const bool by_worker = t.last_outcome == outcome::complete ||
                           t.last_outcome == outcome::error || t.last_outcome == outcome::released;
    if (t.last_lease != lease || !by_worker || how == outcome::none) {
        return void_reason::lease_lost;
    }
    return t.last_outcome == how ? void_reason::already : void_reason::outcome_conflict;
}

void_reason naive_model::judge_task(offset, const model::event& e, naive_task& t) {
    const auto& b = e.body;
    const bool waits = t.place == place::ahead || t.place == place::pending;
    const bool ahead = t.place == place::ahead || t.cancelled_unnamed ||
                       (is_forgotten(t) && !t.settled_by_command);
    if (const auto* a = std::get_if<model::allocated>(&b)) {
        if (!waits) {
            return void_reason::wrong_place;
        }
        if (const auto bad = judge_first(t, a->id, a->intro); bad != void_reason::none) {
            return bad;
        }
        return a->attempt == t.attempt + 1 ? void_reason::none : void_reason::wrong_attempt;
    }
    if (const auto* p = std::get_if<model::parked>(&b)) {
        return waits ? judge_first(t, p->id, p->intro) : void_reason::wrong_place;
    }
    if (const auto* r = std::get_if<model::ready>(&b)) {
        const auto needed = r->reason == model::ready_reason::due ? place::scheduled : place::dead;
        return t.place == needed ? void_reason::none : void_reason::wrong_place;
    }
    if (const auto* c = std::get_if<model::cancelled>(&b)) {
        return is_open(t.place) ? judge_first(t, c->id, c->intro) : void_reason::wrong_place;
    }
    if (const auto* d = std::get_if<model::duplicate>(&b)) {
        const auto other = bound(d->id);
        if (!ahead) {
            return void_reason::wrong_place;
        }
        return other && &tasks_.at(*other) != &t ? void_reason::none : void_reason::not_duplicate;
    }
    if (std::holds_alternative<model::rejected>(b)) {
        return ahead ? void_reason::none : void_reason::wrong_place;
    }
    if (const auto* x = std::get_if<model::lease_expired>(&b)) {
        if (t.place != place::leased || t.lease != x->lease) {
            return void_reason::lease_lost;
        }
        const auto began = t.lease_epoch == epoch_ ? t.lease_t : milliseconds{0};
        return e.owner->t >= began + t.limits.lease ? void_reason::none : void_reason::too_early;
    }
    if (const auto* r = std::get_if<model::running>(&b)) {
        const auto bad = judge_lease(t, r->lease, outcome::none);
        return bad == void_reason::none && t.running ? void_reason::already : bad;
    }
    if (const auto* p = std::get_if<model::progress>(&b)) {
        return judge_lease(t, p->lease, outcome::none);
    }
    if (const auto* c = std::get_if<model::complete>(&b)) {
        return judge_lease(t, c->lease, outcome::complete);
    }
    if (const auto* f = std::get_if<model::task_error>(&b)) {
        return judge_lease(t, f->lease, outcome::error);
    }
    if (const auto* r = std::get_if<model::released>(&b)) {
        return judge_lease(t, r->lease, outcome::released);
    }
    if (const auto* m = std::get_if<model::moved>(&b)) {
        if (!waits && t.place != place::scheduled) {
            return void_reason::wrong_place;
        }
        if (const auto bad = judge_first(t, m->id, m->intro); bad != void_reason::none) {
            return bad;
        }
        return served_at(m->place, t) == m->to ? void_reason::already : void_reason::none;
    }
    return void_reason::wrong_place;
}

void naive_model::introduce(naive_task& t, const model::task_id& id,
                            const std::optional<model::task_intro>& intro) {
    if (t.place == place::ahead && intro) {
        t.named = true;
        t.id = id;
        t.job = intro->job;
        t.limits = intro->limits;
    }
}

void naive_model::take(offset at_offset, const model::event& e, naive_task& t) {
    const auto& b = e.body;
    const auto wait_until = [&](milliseconds delay) {
        t.place = delay > milliseconds{0} ? place::scheduled : place::pending;
        t.due = e.at + delay;
    };
    if (std::holds_alternative<model::allocated>(b)) {
        take_allocated(at_offset, e, t);
    } else if (const auto* p = std::get_if<model::parked>(&b)) {
        introduce(t, p->id, p->intro);
        bound_.insert_or_assign(t.id.value(), p->place);
        t.place = place::scheduled;
        t.due = p->until;
    } else if (const auto* m = std::get_if<model::moved>(&b)) {
        introduce(t, m->id, m->intro);
        bound_.insert_or_assign(t.id.value(), m->place);
        t.place = t.place == place::ahead ? place::pending : t.place;
        t.parked = false;
        t.moved_to = m->to;
        moved_[m->place.queue].insert(m->place);
    } else if (const auto* r = std::get_if<model::ready>(&b)) {
        t.spent = r->reason == model::ready_reason::retry ? 0 : t.spent;
        t.place = place::pending;
    } else if (const auto* c = std::get_if<model::cancelled>(&b)) {
        introduce(t, c->id, c->intro);
        bound_.insert_or_assign(t.id.value(), c->place);
        if (t.place == place::leased) {
            end_lease(at_offset, t, outcome::cancelled, false);
        }
        settle(t, place::cancelled, at_offset, e.at);
    } else if (std::holds_alternative<model::duplicate>(b)) {
        settle(t, place::duplicate, at_offset, e.at);
    } else if (std::holds_alternative<model::rejected>(b)) {
        settle(t, place::rejected, at_offset, e.at);
    } else if (std::holds_alternative<model::lease_expired>(b)) {
        end_lease(at_offset, t, outcome::expired, false);
        fail(at_offset, e, t, true);
    } else if (std::holds_alternative<model::running>(b)) {
        t.running = true;
        auto& l = leases_[t.lease.value()];
        l.was_running = true;
        l.running_at = at_offset;
    } else if (const auto* done = std::get_if<model::complete>(&b)) {
        end_lease(at_offset, t, outcome::complete, false);
        settle(t, place::complete, at_offset, e.at);
        if (++t.completions > 1) {
            broken("a task was counted complete twice", e);
        }
        if (!done->then.empty()) {
            unfollowed_.push_back(at_offset);
        }
    } else if (const auto* f = std::get_if<model::task_error>(&b)) {
        const bool late = f->kind == model::error_kind::timeout;
        end_lease(at_offset, t, late ? outcome::expired : outcome::error, late);
        fail(at_offset, e, t, f->retry);
    } else if (const auto* back = std::get_if<model::released>(&b)) {
        end_lease(at_offset, t, outcome::released, false);
        wait_until(back->delay);
    }
}

void naive_model::take_allocated(offset at_offset, const model::event& e, naive_task& t) {
    const auto& a = std::get<model::allocated>(e.body);
    introduce(t, a.id, a.intro);
    bound_.insert_or_assign(t.id.value(), a.place);
    t.place = place::leased;
    t.parked = false;
    t.running = false;
    t.attempt = a.attempt;
    t.lease = a.lease;
    t.lease_epoch = e.owner->epoch;
    t.lease_t = e.owner->t;
    t.leased_at = reading_again_ ? mono_time{} : world_.now();
    leased_.insert(a.place);
    const auto [given, is_new] =
        leases_.try_emplace(a.lease.value(), naive_lease{a.place, at_offset});
    if (!is_new) {
        broken("a lease was given twice", e);
    }
    given->second.level = served_at(a.place, t);
}

void naive_model::end_lease(offset at_offset, naive_task& t, outcome how, bool timed_out) {
    auto& l = leases_[t.lease.value()];
    l.ended = how;
    l.timed_out = timed_out;
    l.ended_at = at_offset;
    leased_.erase(l.where);
    t.last_lease = t.lease;
    t.last_outcome = how;
    t.lease = model::lease_token{};
    t.running = false;
}

void naive_model::fail(offset at_offset, const model::event& e, naive_task& t, bool retry) {
    ++t.spent;
    if (!retry || t.spent >= t.limits.max_attempts) {
        t.place = place::dead;
        t.since = at_offset;
        return;
    }
    ++t.retries;
    const auto delay = model::backoff_after(t.limits, t.spent, t.id);
    t.place = delay > milliseconds{0} ? place::scheduled : place::pending;
    t.due = e.at + delay;
}

void naive_model::settle(naive_task& t, place p, offset at_offset, instant when) {
    t.place = p;
    t.since = at_offset;
    t.settled_at = when;
    t.parked = false;
    t.cancelled_unnamed = t.cancelled_unnamed && p == place::cancelled;
}

/// Settled before the horizon: nobody knows anything of it any more.
void naive_model::forget_if_past(naive_task& t) const {
    if (is_forgotten(t)) {
        t.last_lease = model::lease_token{};
        t.last_outcome = outcome::none;
    }
}

void naive_model::take_partition(offset at_offset, const model::event& e) {
    const auto& b = e.body;
    if (const auto* p = std::get_if<model::parked_ranges>(&b)) {
        for (const auto& r : p->ranges) {
            set_parked({p->queue, p->priority}, r, true, at_offset);
        }
    } else if (const auto* y = std::get_if<model::ready_ranges>(&b)) {
        for (const auto& r : y->ranges) {
            set_parked({y->queue, y->priority}, r, false, at_offset);
        }
    } else if (std::holds_alternative<model::control>(b)) {
        take_control(at_offset, e);
    } else if (const auto* f = std::get_if<model::followed>(&b)) {
        std::erase(unfollowed_, f->of);
    } else if (const auto* h = std::get_if<model::horizon>(&b)) {
        horizon_ = std::max(horizon_, h->before);
    } else if (const auto* c = std::get_if<model::cursor>(&b)) {
        // It may pass over what is settled, never over what still waits where it was submitted:
        // what came back from elsewhere waits in another list.
        const lane l{c->queue, c->priority};
        auto& waiting = waiting_[l];
        for (auto o = waiting.begin(); c->next && o != waiting.end() && *o < *c->next; ++o) {
            if (tasks_.at({l.first, l.second, *o}).since.value() < 0) {
                broken("the cursor passed over a waiting task", e);
            }
        }
        for (const auto& r : c->done) {
            if (waiting.lower_bound(r.first) != waiting.lower_bound(r.last)) {
                broken("the cursor dropped a waiting task", e);
            }
        }
    }
}

void naive_model::set_parked(const lane& where, const model::offset_range& range, bool parked,
                             offset at_offset) {
    for (auto o = range.first; o < range.last; o = offset{o.value() + 1}) {
        naive_task& t = at({where.first, where.second, o});
        if (t.place != place::ahead && t.place != place::pending) {
            continue;
        }
        t.parked = parked;
        if (parked) {
            waiting_[where].erase(o);
        } else {
            waiting_[where].insert(o);
            t.since = at_offset;
        }
    }
}

void naive_model::take_control(offset at_offset, const model::event& e) {
    const auto& c = std::get<model::control>(e.body);
    const auto covered = [&](const model::record& where) {
        if (c.priority && *c.priority != served_at(where, tasks_.at(where))) {
            return false;
        }
        return std::any_of(c.ends.begin(), c.ends.end(), [&](const auto& end) {
            return end.queue == where.queue && end.priority == where.priority &&
                   where.offset < end.end;
        });
    };
    for (auto& [where, t] : tasks_) {
        const lane l{where.queue, where.priority};
        if (c.action == model::control_action::retry_job) {
            if (t.place == place::dead && t.job == c.job) {
                t.place = place::pending;
                t.spent = 0;
                t.since = at_offset;
                waiting_[l].insert(where.offset);
            }
            continue;
        }
        const bool of_job = c.action == model::control_action::cancel_job && t.job == c.job;
        const bool of_queue = c.action == model::control_action::empty_queue &&
                              where.queue == c.queue && t.place != place::leased;
        if (of_queue && covered(where)) {
            t.cancelled_unnamed = false;  // what empties a queue need not know of jobs
        }
        if ((!of_job && !of_queue) || !is_open(t.place) || !covered(where)) {
            continue;
        }
        if (t.place == place::leased) {
            end_lease(at_offset, t, outcome::cancelled, false);
        }
        t.cancelled_unnamed = of_job && !t.named;
        t.settled_by_command = true;
        settle(t, place::cancelled, at_offset, e.at);
        waiting_[l].erase(where.offset);
    }
}

}  // namespace kwq::sim
