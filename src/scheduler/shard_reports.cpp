// The part of the shard that takes lease reports, heartbeats, and what people ask of single tasks.
#include "base/assert.hpp"
#include "base/hash.hpp"
#include "scheduler/shard.hpp"

#include <utility>

namespace kwq::scheduler {

using model::outcome;
using model::place;

namespace {

constexpr std::size_t ends_per_step = 1'000;

outcome outcome_of(const report_kind& what) {
    if (std::holds_alternative<report_complete>(what)) {
        return outcome::complete;
    }
    if (std::holds_alternative<report_error>(what)) {
        return outcome::error;
    }
    return std::holds_alternative<report_release>(what) ? outcome::released : outcome::none;
}

/// Given by an owner whose claim has not been read: nothing can be said about it.
bool is_unheard_of(const model::lease_parts& lease, const shard_state& state, bool others_claim) {
    return others_claim && lease.epoch > state.partition().epoch;
}

struct body_of_report {
    const record& where;
    const model::task_id& id;
    const model::lease_token& lease;

    model::event_body operator()(const report_running&) const {
        return model::running{where, id, lease};
    }
    model::event_body operator()(const report_complete& r) const {
        model::complete c{where, id, lease, r.result_json, r.then};
        for (std::size_t i = 0; i < c.then.size(); ++i) {
            if (c.then[i].id.value().empty()) {
                c.then[i].id = follow_up_id(i);
            }
        }
        return c;
    }
    model::event_body operator()(const report_error& r) const {
        return model::task_error{where, id, lease, r.message, r.retry, model::error_kind::reported};
    }
    model::event_body operator()(const report_release& r) const {
        return model::released{where, id, lease, r.delay};
    }

    /// `<parent>~<index>`; of a parent too long for that, `~<hash>~<index>`.
    model::task_id follow_up_id(std::size_t index) const {
        constexpr std::size_t longest = 200;
        const auto suffix = "~" + std::to_string(index);
        auto child = id.value() + suffix;
        if (child.size() > longest) {
            child = "~" + std::to_string(hash64(id.value())) + suffix;
        }
        return model::task_id{child};
    }
};

}  // namespace

std::variant<settle_status, model::event_body> shard::judge_report(const lease_report& r) const {
    const auto parts = model::decode_lease(r.lease);
    if (!parts) {
        return settle_status::lease_lost;
    }
    if (is_unheard_of(*parts, state_, options_.others_claim)) {
        return settle_status::unknown;
    }
    const auto row = state_.row(parts->place);
    if (!row) {
        return settle_status::lease_lost;
    }
    const auto facts = state_.ledger().effective(parts->place, row->job, row->facts);
    const auto reported = outcome_of(r.what);
    if (facts.place == place::leased && facts.lease == r.lease) {
        if (reported == outcome::none && facts.running) {
            return settle_status::already;
        }
        return std::visit(body_of_report{parts->place, row->id, r.lease}, r.what);
    }
    const bool by_worker = facts.last_outcome == outcome::complete ||
                           facts.last_outcome == outcome::error ||
                           facts.last_outcome == outcome::released;
    if (facts.last_lease != model::fingerprint(r.lease) || !by_worker ||
        reported == outcome::none) {
        return settle_status::lease_lost;
    }
    return facts.last_outcome == reported ? settle_status::already : settle_status::conflict;
}

void shard::report(request_id request, const lease_report& r, const moment& now) {
    auto judged = judge_report(r);
    if (const auto* status = std::get_if<settle_status>(&judged)) {
        // What it repeats must be durable too before it is confirmed.
        effects_.push_back(reply{request, *status, {}, state_.applied_offset()});
    } else if (!owner_) {
        effects_.push_back(reply{request, settle_status::unknown, {}, offset{-1}});
    } else {
        send_for(request, std::move(std::get<model::event_body>(judged)), now);
    }
}

void shard::on_followed(offset of, const moment& now) {
    if (owner_) {
        send(model::followed{of}, now);
    } else {
        following_.erase(of);
    }
}

std::vector<heartbeat_answer> shard::heartbeats(const std::vector<heartbeat>& beats,
                                                const moment& now) {
    std::vector<heartbeat_answer> out;
    out.reserve(beats.size());
    for (const auto& beat : beats) {
        ++counters_.heartbeats;
        heartbeat_answer answer{beat.lease, false, now.at, lease_directive::cancel};
        const auto parts = model::decode_lease(beat.lease);
        answer.known = !parts || !is_unheard_of(*parts, state_, options_.others_claim);
        const auto row = parts ? state_.row(parts->place) : found_row();
        const bool is_live =
            row && row->facts.place == place::leased && row->facts.lease == beat.lease;
        if (is_live && lease_book_.is_ending(parts->place)) {
            answer.known = false;  // to renew it is too late, to call it lost too early
        } else if (is_live) {
            lease_book_.renew(parts->place, now.mono);
            workers_.seen(row->worker, now.at);
            answer.live = true;
            answer.directive = lease_directive::proceed;
            const auto ends = lease_book_.deadline(parts->place);
            answer.deadline = now.at + (ends ? *ends - now.mono : row->facts.limits.lease);
            if (!beat.progress_json.empty() && owner_ &&
                lease_book_.note_progress(parts->place, hash64(beat.progress_json), now.mono)) {
                send(model::progress{parts->place, row->id, beat.lease, beat.progress_json}, now);
            }
        }
        out.push_back(std::move(answer));
    }
    return out;
}

void shard::open_doors(const moment& now) {
    doors_open_ = true;
    for (const auto& [where, row] : state_.leases()) {
        lease_book_.open(where, row.facts.limits, now.mono);
    }
}

void shard::end_leases(const moment& now) {
    if (is_busy() || !doors_open_) {
        return;
    }
    for (const auto& end : lease_book_.take_ended(now.mono, ends_per_step)) {
        const auto found = state_.leases().find(end.place);
        if (found == state_.leases().end()) {
            continue;
        }
        const auto& row = found->second;
        if (end.timed_out) {
            const auto limit = row.facts.limits.timeout->count();
            send(model::task_error{end.place, row.id, row.facts.lease,
                                   "timeout: longer than timeout_s (" + std::to_string(limit) +
                                       " ms)",
                                   true, model::error_kind::timeout},
                 now);
        } else {
            send(model::lease_expired{end.place, row.id, row.facts.lease}, now);
        }
    }
}

void shard::cancel(request_id request, const task_ptr& task, const moment& now) {
    const auto& t = *task;
    const auto stored = state_.row(t.place);
    const auto facts = state_.effective(t.place, t.body.job);
    const bool open = facts.place == place::ahead || facts.place == place::scheduled ||
                      facts.place == place::pending || facts.place == place::leased;
    if (!open || !owner_) {
        const auto status = owner_ ? settle_status::conflict : settle_status::unknown;
        effects_.push_back(reply{request, status, {model::void_reason::wrong_place}, offset{-1}});
        return;
    }
    const auto waiting = buffer_.remove(t.place);
    if (reserved_.count(t.place) == 0 && facts.place != place::leased &&
        facts.place != place::scheduled) {
        reserve(t.place, {waiting ? waiting : task, std::nullopt});
    }
    model::cancelled e{t.place, t.body.id, model::cancel_reason::requested, std::nullopt};
    if (!stored) {
        e.intro = model::task_intro{t.body.job, t.body.tags, t.submitted_at, t.body.limits};
    }
    send_for(request, std::move(e), now);
}

/// Left as it is when it does not wait: leased, ended, or about to be handed out.
void shard::reprioritise(request_id request, const task_ptr& task, model::priority to,
                         const moment& now) {
    const auto& t = *task;
    const auto stored = state_.row(t.place);
    const auto facts = state_.effective(t.place, t.body.job);
    const bool waits = facts.place == place::ahead || facts.place == place::scheduled ||
                       facts.place == place::pending;
    if (!waits || !owner_) {
        const auto status = owner_ ? settle_status::conflict : settle_status::unknown;
        effects_.push_back(reply{request, status, {model::void_reason::wrong_place}, offset{-1}});
        return;
    }
    if (to == model::priority_of(t.place, facts)) {
        const auto as_it_is = state_.applied_offset();
        effects_.push_back(reply{request, settle_status::already, {}, as_it_is});
        return;
    }
    const auto waiting = buffer_.remove(t.place);
    if (reserved_.count(t.place) == 0 && facts.place != place::scheduled) {
        reserve(t.place, {waiting ? waiting : task, std::nullopt});
    }
    std::optional<model::task_intro> intro;
    if (!stored) {
        intro = model::task_intro{t.body.job, t.body.tags, t.submitted_at, t.body.limits};
    }
    if (facts.place == place::ahead && t.body.not_before && *t.body.not_before > now.at) {
        // What is moved is not met at the head any more, where it would have been told to wait.
        send(model::parked{t.place, t.body.id, *t.body.not_before, intro}, now);
    }
    send_for(request, model::moved{t.place, t.body.id, to, std::move(intro)}, now);
    if (!in_flight_.back().holds_reservation) {
        loose_moves_.emplace(t.place, task);
    }
}

void shard::retry(request_id request, const record& where, const moment& now) {
    const auto stored = state_.row(where);
    const auto facts = stored ? state_.effective(where, stored->job) : model::task_facts{};
    if (facts.place == place::dead && owner_) {
        send_for(request, model::ready{where, stored->id, model::ready_reason::retry}, now);
        ++readying_;
        return;
    }
    const auto status = owner_ ? settle_status::conflict : settle_status::unknown;
    effects_.push_back(reply{request, status, {model::void_reason::wrong_place}, offset{-1}});
}

std::vector<lease_info> shard::leases_of(const model::worker_name& worker,
                                         const moment& now) const {
    std::vector<lease_info> out;
    for (const auto& [where, row] : state_.leases()) {
        if (!worker.value().empty() && row.worker != worker) {
            continue;
        }
        const auto ends = lease_book_.deadline(where);
        out.push_back({row.facts.lease, row.id, where, row.job, row.worker, row.facts.attempt,
                       row.facts.running, row.allocated_at,
                       now.at + (ends ? *ends - now.mono : milliseconds{0}), row.facts.priority});
    }
    std::sort(out.begin(), out.end(),
              [](const auto& a, const auto& b) { return a.place < b.place; });
    return out;
}

}  // namespace kwq::scheduler
