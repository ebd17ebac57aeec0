#include "sim/promises.hpp"

#include "base/hash.hpp"

namespace kwq::sim {

using model::outcome;

namespace {

outcome outcome_of(const scheduler::report_kind& what) {
    if (std::holds_alternative<scheduler::report_complete>(what)) {
        return outcome::complete;
    }
    if (std::holds_alternative<scheduler::report_error>(what)) {
        return outcome::error;
    }
    return std::holds_alternative<scheduler::report_release>(what) ? outcome::released
                                                                   : outcome::none;
}

std::string name_of(const eventlog::topic_partition& where, model::offset at) {
    return where.topic + "@" + std::to_string(at.value());
}

}  // namespace

void promises::promise_durable(const eventlog::topic_partition& where, model::offset at) {
    const auto range = log_.range(where);
    if (!range || at >= range->durable) {
        world::broken("answered yes before it was durable: " + name_of(where, at));
    }
    const auto found = log_.read(where, at, 1);
    promised_.push_back({where, at, crc32c(found->front().value)});
    world_.counts.happened("promise: durable");
}

void promises::still_hold() const {
    for (const auto& p : promised_) {
        const auto found = log_.read(p.where, p.at, 1);
        if (!found || found->empty() || crc32c(found->front().value) != p.crc) {
            world::broken("what was answered yes is gone: " + name_of(p.where, p.at));
        }
    }
}

void promises::told_submitted(const model::record& where, const std::string& mark) {
    const eventlog::topic_partition topic{topics_.tasks(where.queue, where.priority), 0};
    promise_durable(topic, where.offset);
    const auto found = log_.read(topic, where.offset, 1);
    if (found->front().value.find('"' + mark + '"') == std::string::npos) {
        world::broken("another task is at the place that was told: " + to_string(where));
    }
}

void promises::told_lease(const scheduler::granted_lease& lease) {
    const auto* known = model_.lease(lease.lease);
    if (known == nullptr || known->where != lease.task->place) {
        world::broken("a lease was told that is not in the log: " + to_string(lease.task->place));
    }
    const auto& task = model_.tasks().at(known->where);
    auto submitted = task.body;
    if (submitted) {
        submitted->body.priority = known->level;  // it may have been moved since
    }
    if (!submitted || submitted->body != lease.task->body) {
        world::broken("another task was handed out than was submitted: " + to_string(known->where));
    }
    world_.counts.happened("promise: lease");
}

void promises::told_settled(const scheduler::lease_report& r, scheduler::settle_status status) {
    using scheduler::settle_status;
    const auto* known = model_.lease(r.lease);
    const auto reported = outcome_of(r.what);
    switch (status) {
        case settle_status::ok:
        case settle_status::already: {
            world::demand(known != nullptr, "a report of an unknown lease was confirmed");
            const bool fits = reported == outcome::none
                                  ? known->was_running
                                  : known->ended == reported && !known->timed_out;
            world::demand(fits, "a report was confirmed that did not count");
            promise_durable(status_log(),
                            reported == outcome::none ? known->running_at : known->ended_at);
            break;
        }
        case settle_status::lease_lost:
        case settle_status::conflict:
            world::demand(!model_.is_live(r.lease), "the live lease was said to be lost");
            model_.refuse_lease(r.lease);
            world_.counts.happened("promise: refused report");
            break;
        case settle_status::accepted:  // of several instances only
        case settle_status::unknown: break;
    }
}

void promises::told_alive(const model::lease_token& lease, bool alive, mono_time asked_at) {
    if (!alive) {
        world::demand(!model_.is_live(lease), "the live lease was said to be lost by a heartbeat");
        model_.refuse_lease(lease);
        return;
    }
    const auto* known = model_.lease(lease);
    world::demand(known != nullptr, "an unknown lease was said to be alive");
    model_.promise_lease(lease, asked_at + model_.tasks().at(known->where).limits.lease);
    world_.counts.happened("promise: lease renewed");
}

void promises::told_changed(const model::record& where, model::offset at) {
    const auto* e = model_.event_at(at);
    const auto* place = e == nullptr ? nullptr : model::place_of(e->body);
    const auto& v = model_.verdict(at);
    world::demand(place != nullptr && *place == where && v && v->reason == void_reason::none,
                  "a change of a task was confirmed that did not count");
    promise_durable(status_log(), at);
}

void promises::told_control(model::offset at) {
    if (at.value() >= 0) {
        promise_durable({topics_.control(), 0}, at);
    }
}

}  // namespace kwq::sim
