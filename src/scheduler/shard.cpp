#include "scheduler/shard.hpp"

#include <algorithm>
#include <utility>

namespace kwq::scheduler {

using model::place;

shard::shard(const options& o, store::kv& state, random_source& random)
    : options_(o), random_(random), state_(state), buffer_(o.ready_buffer_bytes) {}

// ---- owning -------------------------------------------------------------------------------------

void shard::claim(const moment& now, std::string nonce, const std::string& url) {
    owner_ = false;
    const model::claim mine{options_.owner, std::move(nonce), url};
    claim_out_ = model::event{now.at, std::nullopt, mine};
    effects_.push_back(emit{*claim_out_, true});
}

void shard::lose_ownership(const moment& now) {
    owner_ = false;
    give_up_in_flight(now);
}

void shard::on_own_claim(const moment& now) {
    claim_out_.reset();
    owner_ = true;
    sequence_ = 0;
    claimed_at_ = now.mono;
    for (auto& [_, lane] : io_) {
        lane.parking = offset_set{};
        lane.next = offset{0};  // what was on its way may not have happened: all is met again
        lane.returned_next = offset{0};
    }
    buffer_.clear();  // another owner may have decided about what waits there
    give_up_in_flight(now);
    for (auto& c : commands_) {
        c.sent = false;
    }
    following_.clear();  // their notes may be lost: what is appended twice is dropped once
    unparking_.clear();
    readying_ = 0;
    lease_book_.clear();
    for (const auto& [where, row] : state_.leases()) {
        lease_book_.open(where, row.facts.limits, now.mono);
    }
    unpark_all_from_ = model::job_name{};
    for (auto& job : state_.ledger().retried_jobs()) {
        retried_.insert(std::move(job));
    }
    next_due_ = state_.next_due();
    gate_change_ = gates_.next_change(now.at);
}

// ---- reading back -------------------------------------------------------------------------------

applied shard::on_event(const model::logged_event& logged, std::uint32_t crc, const moment& now) {
    const auto& body = logged.event.body;
    std::vector<record> cancelled_leases;
    if (const auto* c = std::get_if<model::control>(&body);
        c != nullptr && c->action == model::control_action::cancel_job) {
        for (const auto& [where, row] : state_.leases()) {
            if (row.job == c->job) {
                cancelled_leases.push_back(where);
            }
        }
    }
    model::worker_name worker;
    if (const auto* where = model::place_of(body)) {
        if (const auto lease = state_.leases().find(*where); lease != state_.leases().end()) {
            worker = lease->second.worker;
        }
    }
    auto a = state_.apply(logged, crc);
    count(body, a);
    for (const auto& where : cancelled_leases) {
        if (state_.leases().find(where) == state_.leases().end()) {
            lease_book_.close(where);
        }
    }
    if (std::holds_alternative<model::claim>(body)) {
        if (claim_out_ && *claim_out_ == logged.event) {
            on_own_claim(now);
        } else {
            owner_ = false;
        }
        return a;
    }
    if (a.verdict.accepted()) {
        after_apply(logged, a, worker, now);
    }
    settle_in_flight(logged, a, now);
    return a;
}

void shard::returned_at(const lane_key& lane, offset at) {
    auto& next = io(lane).returned_next;
    next = std::min(next, at);
}

void shard::after_apply(const model::logged_event& logged, const applied& a,
                        const model::worker_name& worker, const moment& now) {
    const auto& body = logged.event.body;
    if (model::place_of(body) != nullptr) {
        after_task_event(logged, a, worker, now);
        return;
    }
    after_ranges(body, now);
    if (const auto* c = std::get_if<model::control>(&body)) {
        if (c->action == model::control_action::retry_job) {
            retried_.insert(c->job);
        }
        effects_.push_back(control_done{c->control_offset});
        std::erase_if(commands_, [&](const auto& p) { return p.at <= c->control_offset; });
    } else if (const auto* f = std::get_if<model::followed>(&body)) {
        following_.erase(f->of);
    }
}

void shard::after_ranges(const model::event_body& body, const moment& now) {
    if (const auto* c = std::get_if<model::cursor>(&body)) {
        auto& lane = io({c->queue, c->priority});
        if (c->next && c->next->value() > 0) {
            lane.skipped.erase({offset{0}, *c->next});
        }
        for (const auto& r : c->done) {
            lane.skipped.erase(r);
        }
    } else if (const auto* p = std::get_if<model::parked_ranges>(&body)) {
        auto& lane = io({p->queue, p->priority});
        for (const auto& r : p->ranges) {
            lane.parking.erase(r);
        }
        if (retried_.count(p->job) > 0) {
            for (auto& [_, other] : io_) {
                other.returned_next = offset{0};  // its dead letters have come back with this
            }
        }
        if (!gates_.job_paused(p->job, now.at)) {
            unpark_.insert(p->job);
        }
    } else if (const auto* y = std::get_if<model::ready_ranges>(&body)) {
        for (const auto& lane : state_.lanes_from(y->queue, y->priority)) {
            for (const auto& r : y->ranges) {
                returned_at(lane, r.first);
            }
        }
        unparking_.erase(y->job);
        unpark_.insert(y->job);  // there may be more
    }
}

void shard::after_task_event(const model::logged_event& logged, const applied& a,
                             const model::worker_name& worker, const moment& now) {
    const auto& body = logged.event.body;
    const record& where = *model::place_of(body);
    const bool was_leased = a.before.place == place::leased;
    const bool is_leased = a.after.place == place::leased;
    if (is_leased && !was_leased) {
        lease_book_.open(where, a.after.limits, now.mono);
    } else if (was_leased && !is_leased) {
        lease_book_.close(where);
        workers_.ended(worker, a.after.last_outcome, now.at);
    }
    if (a.after.place == place::pending) {
        returned_at(lane_of(where, a.after), where.offset);
    } else if (a.after.place == place::scheduled) {
        next_due_ = next_due_ ? std::min(*next_due_, a.after.due) : a.after.due;
    }
    if (a.after.place == place::cancelled || a.after.priority != a.before.priority) {
        buffer_.remove(where);  // it may have come back while its cancel or move was on its way
    }
    // An id was bound: other records of it that wait here are duplicates now.
    const auto* id = owner_ && a.before.place == place::ahead ? model::id_of(body) : nullptr;
    if (id != nullptr && a.after.place != place::duplicate) {
        for (const auto& other : buffer_.with_id(*id)) {
            auto task = buffer_.remove(other);
            if (judge(task, now) == judgement::ready) {
                buffer_.add(task);
            }
        }
    }
}

void shard::count(const model::event_body& body, const applied& a) {
    if (!a.verdict.accepted()) {
        ++counters_.void_events;
        return;
    }
    const bool ended_lease = a.before.place == place::leased && a.after.place != place::leased;
    if (ended_lease && a.after.place == place::dead) {
        ++counters_.dead;
    } else if (ended_lease && a.after.spent > a.before.spent) {
        ++counters_.retries;
    }
    if (std::holds_alternative<model::allocated>(body)) {
        ++counters_.allocated;
    } else if (std::holds_alternative<model::complete>(body)) {
        ++counters_.completed;
    } else if (const auto* e = std::get_if<model::task_error>(&body)) {
        ++counters_.errors;
        counters_.timed_out += e->kind == model::error_kind::timeout ? 1 : 0;
    } else if (std::holds_alternative<model::released>(body)) {
        ++counters_.released;
    } else if (std::holds_alternative<model::lease_expired>(body)) {
        ++counters_.expired;
    } else if (std::holds_alternative<model::cancelled>(body)) {
        ++counters_.cancelled;
    } else if (std::holds_alternative<model::duplicate>(body)) {
        ++counters_.duplicates;
    } else if (std::holds_alternative<model::rejected>(body)) {
        ++counters_.rejected;
    }
}

// ---- controls -----------------------------------------------------------------------------------

void shard::on_control(offset at, const model::control_record& c, const moment& now) {
    if (const auto* g = std::get_if<model::gate>(&c.body)) {
        gates_.apply(*g);
        if (!g->paused && g->scope == model::gate_scope::job) {
            unpark_.insert(g->job);
        }
        effects_.push_back(control_done{at});
    } else if (const auto* d = std::get_if<model::dispatch>(&c.body)) {
        gates_.apply(*d);
        if (d->state == model::dispatch_state::draining ||
            d->state == model::dispatch_state::stopped) {
            end_waiting(now);  // workers hear of it now, not when their wait is over
        }
        effects_.push_back(control_done{at});
    } else if (const auto* q = std::get_if<model::queue_defined>(&c.body)) {
        for (std::int32_t p = 1; p <= q->priorities; ++p) {
            queues_[q->queue].insert(model::priority{p});
            state_.open_lane({q->queue, model::priority{p}});
        }
        effects_.push_back(control_done{at});
    } else if (const auto* k = std::get_if<model::command>(&c.body)) {
        if (at > state_.partition().control_seen) {
            commands_.push_back({at, *k});
        } else {
            effects_.push_back(control_done{at});
        }
    }
    gate_change_ = gates_.next_change(now.at);
}

void shard::send_controls(const moment& now) {
    for (auto& c : commands_) {
        if (c.sent) {
            continue;
        }
        model::control copy{c.at, c.what.action, c.what.job, c.what.queue, c.what.priority, {}};
        const auto mine = static_cast<std::size_t>(options_.id.value());
        if (mine < c.what.ends.size()) {
            copy.ends = c.what.ends[mine];
        }
        send(std::move(copy), now);
        c.sent = true;
    }
}

// ---- deciding -----------------------------------------------------------------------------------

void shard::decide(const moment& now) {
    if (!owner_) {
        expire_polls(now);
        return;
    }
    if (holds_for_horizon(now)) {
        expire_polls(now);
        return;
    }
    send_controls(now);
    if (gate_change_ && now.at >= *gate_change_) {
        gate_change_ = gates_.next_change(now.at);
        unpark_all_from_ = model::job_name{};
    }
    end_leases(now);
    wake_due(now);
    sweep_retried(now);
    unpark(now);
    for (const auto of : state_.unfollowed()) {
        if (following_.insert(of).second) {
            effects_.push_back(append_follow_ups{of});
        }
    }
    serve(now);
    plan_reads(now);
    expire_polls(now);
    move_cursors(now);
}

std::optional<milliseconds> shard::next_wake(const moment& now) const {
    std::optional<milliseconds> next;
    const auto consider = [&](std::optional<milliseconds> at) {
        if (at && (!next || *at < *next)) {
            next = at;
        }
    };
    const auto at_wall = [&](const std::optional<instant>& when) -> std::optional<milliseconds> {
        if (!when) {
            return std::nullopt;
        }
        return now.mono + std::max(milliseconds{1}, *when - now.at);
    };
    if (!poll_deadlines_.empty()) {
        consider(std::max(poll_deadlines_.begin()->first, now.mono + milliseconds{1}));
    }
    if (!owner_) {
        return next;
    }
    if (hold_until_) {
        consider(hold_until_);  // till then only what is read back can end the wait
        return next;
    }
    if (doors_open_ && !is_busy()) {
        consider(lease_book_.next_end());
    }
    if (readying_ == 0) {
        consider(at_wall(next_due_));
    }
    consider(at_wall(gate_change_));
    consider(next_horizon_);
    const bool skipping = std::any_of(
        io_.begin(), io_.end(), [](const auto& lane) { return !lane.second.skipped.empty(); });
    if (skipping) {
        consider(std::max(next_cursor_, now.mono + milliseconds{1}));
    }
    if (!retried_.empty() || unpark_all_from_) {
        consider(now.mono + milliseconds{1});
    }
    return next;
}

}  // namespace kwq::scheduler
