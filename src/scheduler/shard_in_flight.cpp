// The part of the shard that sends events and hears of them again: what an event on its way has
// reserved, who waits for it, and what becomes of both when it is read back or given up.
#include "base/assert.hpp"
#include "scheduler/shard.hpp"

#include <algorithm>
#include <utility>

namespace kwq::scheduler {

namespace {

settle_status status_of(const model::verdict& v) {
    switch (v.reason) {
        case model::void_reason::none: return settle_status::ok;
        case model::void_reason::already: return settle_status::already;
        case model::void_reason::outcome_conflict: return settle_status::conflict;
        default: return settle_status::lease_lost;
    }
}

}  // namespace

// ---- sending ------------------------------------------------------------------------------------

void shard::push(in_flight_event e, const moment& now, bool synced) {
    KWQ_ASSERT(owner_);
    e.event.at = now.at;
    if (model::is_owner_event(e.event.body)) {
        e.event.owner = model::owner_stamp{state_.partition().epoch, t_of(now)};
    }
    const auto* where = model::place_of(e.event.body);
    const auto found = where == nullptr ? reserved_.end() : reserved_.find(*where);
    e.holds_reservation = found != reserved_.end() && !std::exchange(found->second.held, true);
    effects_.push_back(emit{e.event, synced});
    in_flight_.push_back(std::move(e));
}

void shard::send(model::event_body body, const moment& now) {
    push({model::event{{}, std::nullopt, std::move(body)}, 0, std::nullopt}, now, false);
}

void shard::send_for(request_id request, model::event_body body, const moment& now) {
    push({model::event{{}, std::nullopt, std::move(body)}, request, std::nullopt}, now, true);
}

void shard::send_settle(poll_ticket ticket, std::size_t index, model::event_body body,
                        const moment& now) {
    push({model::event{{}, std::nullopt, std::move(body)}, 0, std::make_pair(ticket, index)}, now,
         true);
}

void shard::reserve(const record& where, reservation r) {
    const bool is_new = reserved_.try_emplace(where, std::move(r)).second;
    KWQ_ASSERT(is_new);
}

/// What was sent before the claim and did not come back before it never counts, or, for a lease
/// event, may still: its caller is told that the outcome is unknown.
void shard::give_up_in_flight(const moment& now) {
    for (const auto& e : std::exchange(in_flight_, {})) {
        if (e.request != 0) {
            effects_.push_back(reply{e.request, settle_status::unknown, {}, offset{-1}});
        }
        if (e.settle) {
            if (const auto p = polls_.find(e.settle->first); p != polls_.end()) {
                p->second.answer.settled[e.settle->second].status = settle_status::unknown;
                --p->second.settles_out;
            }
        }
    }
    loose_moves_.clear();
    for (auto& [where, r] : std::exchange(reserved_, {})) {
        if (r.ticket) {
            if (const auto p = polls_.find(*r.ticket); p != polls_.end()) {
                --p->second.reserved;
            }
        }
        if (r.task) {
            put_back(r.task, now);
        }
    }
    std::vector<poll_ticket> served;
    for (const auto& [ticket, p] : polls_) {
        if (!p.answer.leases.empty()) {
            served.push_back(ticket);
            continue;
        }
        for (const auto& q : p.request.queues) {
            polls_of_[q].insert(ticket);
        }
    }
    for (const auto ticket : served) {
        finish_if_done(ticket, now);  // with what had come back by then
    }
}

void shard::settle_in_flight(const model::logged_event& logged, const applied& a,
                             const moment& now) {
    if (in_flight_.empty() || in_flight_.front().event != logged.event) {
        return;  // somebody else's
    }
    const in_flight_event mine = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (mine.request != 0) {
        effects_.push_back(reply{mine.request, status_of(a.verdict), a.verdict, logged.offset});
    }
    if (mine.settle) {
        if (const auto p = polls_.find(mine.settle->first); p != polls_.end()) {
            p->second.answer.settled[mine.settle->second].status = status_of(a.verdict);
            --p->second.settles_out;
            p->second.settled_up_to = logged.offset;
            finish_if_done(mine.settle->first, now);
        }
    }
    if (std::holds_alternative<model::ready>(mine.event.body) && readying_ > 0 &&
        --readying_ == 0) {
        next_due_ = state_.next_due();
    }
    const record* where = model::place_of(mine.event.body);
    if (where == nullptr) {
        return;
    }
    reservation r;
    if (const auto found = reserved_.find(*where);
        mine.holds_reservation && found != reserved_.end()) {
        r = std::move(found->second);
        reserved_.erase(found);
        hand_on(*where);
    } else if (std::holds_alternative<model::moved>(mine.event.body)) {
        if (const auto loose = loose_moves_.find(*where); loose != loose_moves_.end()) {
            loose_moves_.erase(loose);
        }
    }
    if (const auto* e = std::get_if<model::allocated>(&mine.event.body)) {
        on_allocated_back(*e, a, std::move(r), now);
    } else if (!a.verdict.accepted()) {
        if (r.task) {
            put_back(r.task, now);
        }
        lease_book_.reopen(*where, now.mono);  // an end that did not count
    }
}

/// What was reserved for an event that is back now stays reserved when a move of it is still on its
/// way: it may wait again, and would be handed out at the priority that it is about to leave.
void shard::hand_on(const record& where) {
    const auto loose = loose_moves_.find(where);
    if (loose == loose_moves_.end()) {
        return;
    }
    const auto next = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const auto& e) {
        const auto* m = std::get_if<model::moved>(&e.event.body);
        return m != nullptr && m->place == where && !e.holds_reservation;
    });
    if (next != in_flight_.end()) {
        next->holds_reservation = true;
        reserve(where, {loose->second, std::nullopt, true});
        loose_moves_.erase(loose);
    }
}

void shard::on_allocated_back(const model::allocated& e, const applied& a, reservation r,
                              const moment& now) {
    const auto found = r.ticket ? polls_.find(*r.ticket) : polls_.end();
    if (found != polls_.end()) {
        --found->second.reserved;
    }
    if (!a.verdict.accepted()) {
        if (r.task) {
            put_back(r.task, now);
        }
        if (found != polls_.end() && found->second.reserved == 0 &&
            found->second.answer.leases.empty()) {
            for (const auto& q : found->second.request.queues) {
                polls_of_[q].insert(found->first);
            }
        } else if (found != polls_.end()) {
            finish_if_done(found->first, now);  // the others of it have come back
        }
        return;
    }
    if (found == polls_.end()) {
        // Nobody will hear of it: back at once, no attempt spent.
        send(model::released{e.place, e.id, e.lease, milliseconds{0}}, now);
        return;
    }
    const auto deadline = now.at + a.after.limits.lease;
    auto task = at_priority(std::move(r.task), model::priority_of(e.place, a.after));
    found->second.answer.leases.push_back({e.lease, deadline, e.attempt, std::move(task)});
    workers_.took(e.worker);
    finish_if_done(found->first, now);
}

}  // namespace kwq::scheduler
