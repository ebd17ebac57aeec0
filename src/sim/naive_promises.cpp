// What must be true of an event that counts, besides the rules that made it count.
#include "sim/naive_model.hpp"

#include <algorithm>

namespace kwq::sim {

using model::offset;

namespace {

bool says_the_same(const std::optional<model::task_intro>& intro, const model::stored_task& t) {
    return !intro || (intro->job == t.body.job && intro->limits == t.body.limits &&
                      intro->tags == t.body.tags && intro->submitted_at == t.submitted_at);
}

}  // namespace

void naive_model::broken(const std::string& what, const model::event& e) const {
    std::string where;
    if (const auto* p = model::place_of(e.body)) {
        where = " of " + to_string(*p);
    }
    world::broken(what + ": " + std::string(model::type_name(e.body)) + where + " at " +
                  std::to_string(status_end().value()));
}

void naive_model::check_accepted(offset, const model::event& e, const naive_task& before) const {
    const auto* lease = model::lease_of(e.body);
    const bool by_lease = lease != nullptr && !model::is_owner_event(e.body);
    if (by_lease && refused_leases_.count(lease->value()) > 0 && !reading_again_) {
        broken("a report counts after its lease was said to be lost", e);
    }
    if (const auto* a = std::get_if<model::allocated>(&e.body)) {
        if (!before.body) {
            broken("a record that is no task was allocated", e);
        }
        const auto& body = before.body->body;
        if (before.place == place::ahead && body.not_before && *body.not_before > e.at) {
            broken("allocated before its time", e);
        }
        if (body.expires_at && *body.expires_at <= e.at) {
            broken("allocated after it expired", e);
        }
        const auto most = a->intro ? a->intro->limits.max_attempts : before.limits.max_attempts;
        if (before.spent >= most) {
            broken("allocated beyond its attempts", e);
        }
        if (!says_the_same(a->intro, *before.body) || a->id != before.id) {
            broken("the event says something else than the record", e);
        }
    } else if (const auto* m = std::get_if<model::moved>(&e.body)) {
        if (!before.body || !says_the_same(m->intro, *before.body) || m->id != before.id) {
            broken("the event says something else than the record", e);
        }
        const auto& body = before.body->body;
        if (before.place == place::ahead && body.not_before && *body.not_before > e.at) {
            broken("moved without waiting for its time", e);
        }
        if (m->to.value() < 1 || m->to.value() > queues_.at(m->place.queue)) {
            broken("moved to a priority that there is not", e);
        }
    } else if (const auto* r = std::get_if<model::ready>(&e.body)) {
        if (r->reason == model::ready_reason::due && e.at < before.due) {
            broken("ready before its time", e);
        }
    } else if (const auto* p = std::get_if<model::parked>(&e.body)) {
        if (!before.body || before.body->body.not_before != p->until || p->until <= e.at) {
            broken("parked for another time than it asked for", e);
        }
    } else if (const auto* c = std::get_if<model::cancelled>(&e.body)) {
        const bool expired = c->reason == model::cancel_reason::expired;
        if (expired && (!before.body || !before.body->body.expires_at ||
                        *before.body->body.expires_at > e.at)) {
            broken("cancelled as expired before it was", e);
        }
    } else if (const auto* d = std::get_if<model::duplicate>(&e.body)) {
        const auto of = tasks_.find(d->of);
        // A horizon that was on its way has forgotten it since it was decided.
        const bool had_id =
            of != tasks_.end() && of->second.id == d->id && is_forgotten(of->second);
        if ((bound(d->id) != d->of && !had_id) || !before.body || before.id != d->id) {
            broken("dropped as a duplicate of another than the bound record", e);
        }
    } else if (std::holds_alternative<model::rejected>(e.body)) {
        if (before.body) {
            broken("a readable task was rejected", e);
        }
    }
    check_lease_end(e, before);
}

/// No lease ends before its time, whatever the clocks do.
void naive_model::check_lease_end(const model::event& e, const naive_task& before) const {
    const auto held = world_.now() - before.leased_at;
    if (reading_again_) {
        return;
    }
    if (const auto* x = std::get_if<model::lease_expired>(&e.body)) {
        const auto promised = promised_.find(x->lease.value());
        if (held < before.limits.lease ||
            (promised != promised_.end() && world_.now() < promised->second)) {
            broken("a lease ended before its time", e);
        }
    } else if (const auto* f = std::get_if<model::task_error>(&e.body)) {
        const bool timeout = f->kind == model::error_kind::timeout;
        if (timeout && (!before.limits.timeout || held < *before.limits.timeout)) {
            broken("a run was timed out before its time", e);
        }
    }
}

}  // namespace kwq::sim
