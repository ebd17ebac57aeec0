#include "scheduler/shard_answers.hpp"

#include <algorithm>
#include <map>

namespace kwq::scheduler {

using model::errc;

namespace {

/// Another owner's claim came first: it did not happen, and says nothing about the task.
bool was_replaced(const reply& r) {
    return r.verdict.reason == model::void_reason::stale_epoch;
}

}  // namespace

model::error stopping_error() {
    return {errc::stopping, "the server is stopping", ""};
}

model::error unknown_outcome() {
    return {errc::outcome_unknown, "it may or may not have happened; repeating it is safe", ""};
}

model::error from_log(const eventlog::log_error& e) {
    switch (e.code) {
        case eventlog::errc::overloaded: return {errc::overloaded, e.detail, ""};
        case eventlog::errc::storage_full: return {errc::storage_full, e.detail, ""};
        case eventlog::errc::too_large: return {errc::payload_too_large, e.detail, ""};
        default: return {errc::outcome_unknown, e.detail, ""};
    }
}

result<settle_status> to_result(const reply& r) {
    switch (r.status) {
        case settle_status::ok:
        case settle_status::already:
        case settle_status::accepted: return r.status;
        case settle_status::lease_lost:
            return model::error{errc::lease_lost, "the lease is not the live one any more",
                                "lease"};
        case settle_status::conflict:
            return model::error{errc::outcome_conflict,
                                "the lease was settled with another outcome", "lease"};
        case settle_status::unknown: return unknown_outcome();
    }
    return unknown_outcome();
}

result<offset> to_offset(const reply& r, errc when_refused) {
    if (r.status == settle_status::ok) {
        return r.after;
    }
    if (r.status == settle_status::unknown || was_replaced(r)) {
        return unknown_outcome();
    }
    return model::error{when_refused,
                        when_refused == errc::not_retriable
                            ? "only a task in state error can be retried"
                            : "the task has ended already",
                        "id"};
}

result<reprioritised> to_reprioritised(const reply& r) {
    if (was_replaced(r)) {
        return unknown_outcome();
    }
    switch (r.status) {
        case settle_status::ok: return reprioritised{true, r.after};
        case settle_status::already: return reprioritised{false, r.after};
        case settle_status::unknown: return unknown_outcome();
        default: return model::error{errc::not_waiting, "only a task that waits is moved", "id"};
    }
}

std::vector<queue_info> queues_of(const shard& core, const moment& now) {
    std::map<model::queue_name, std::uint32_t> leases;
    for (const auto& [where, _] : core.state().leases()) {
        ++leases[where.queue];
    }
    std::vector<queue_info> out;
    for (const auto& [queue, priorities] : core.queues()) {
        queue_info info;
        info.queue = queue;
        info.priorities = static_cast<std::int32_t>(priorities.size());
        if (const auto* g = core.control().queue_paused(queue, now.at)) {
            info.paused = true;
            info.paused_until = g->until;
        }
        for (const auto p : priorities) {
            if (core.control().priority_paused(queue, p, now.at)) {
                info.paused_priorities.push_back(p);
            }
        }
        info.leases = leases[queue];
        info.waiting_workers = static_cast<std::uint32_t>(core.waiting_polls_of(queue));
        out.push_back(std::move(info));
    }
    return out;
}

dispatch_info merge(const std::vector<dispatch_info>& of_shards) {
    auto all = of_shards.front();
    all.leases = 0;
    for (const auto& one : of_shards) {
        all.leases += one.leases;
    }
    return all;
}

scheduler_stats merge(const std::vector<scheduler_stats>& of_shards) {
    scheduler_stats all;
    all.applied = all.epoch = offset{-1};
    for (const auto& s : of_shards) {
        all.allocated += s.allocated;
        all.completed += s.completed;
        all.errors += s.errors;
        all.released += s.released;
        all.expired += s.expired;
        all.timed_out += s.timed_out;
        all.retries += s.retries;
        all.dead += s.dead;
        all.cancelled += s.cancelled;
        all.duplicates += s.duplicates;
        all.rejected += s.rejected;
        all.void_events += s.void_events;
        all.heartbeats += s.heartbeats;
        all.polls += s.polls;
        all.polls_empty += s.polls_empty;
        all.leases += s.leases;
        all.waiting_polls += s.waiting_polls;
        all.scheduled += s.scheduled;
        all.ready_buffer_bytes += s.ready_buffer_bytes;
        all.ready_buffer_tasks += s.ready_buffer_tasks;
        all.unapplied += s.unapplied;
        all.undecodable_events += s.undecodable_events;
        all.claims += s.claims;
        all.owned += s.owned;
        all.applied = std::max(all.applied, s.applied);
        all.epoch = std::max(all.epoch, s.epoch);
    }
    return all;
}

std::vector<queue_info> merge(const std::vector<std::vector<queue_info>>& of_shards) {
    std::map<model::queue_name, queue_info> all;
    for (const auto& queues : of_shards) {
        for (const auto& one : queues) {
            const auto [at, is_new] = all.try_emplace(one.queue, one);
            if (!is_new) {
                at->second.leases += one.leases;
                at->second.waiting_workers += one.waiting_workers;
                at->second.priorities = std::max(at->second.priorities, one.priorities);
            }
        }
    }
    std::vector<queue_info> out;
    out.reserve(all.size());
    for (auto& [_, info] : all) {
        out.push_back(std::move(info));
    }
    return out;
}

std::vector<lease_info> merge(const std::vector<std::vector<lease_info>>& of_shards) {
    std::vector<lease_info> all;
    for (const auto& leases : of_shards) {
        all.insert(all.end(), leases.begin(), leases.end());
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.place < b.place; });
    return all;
}

std::vector<eventlog::log_need> merge(
    const std::vector<std::vector<eventlog::log_need>>& of_shards) {
    std::vector<eventlog::log_need> all;
    for (const auto& needs : of_shards) {
        all.insert(all.end(), needs.begin(), needs.end());
    }
    return all;
}

/// The first list that knows a worker says what it last asked for: the desk's, where it polls.
std::vector<worker_info> merge(const std::vector<std::vector<worker_info>>& of_shards) {
    std::map<model::worker_name, worker_info> all;
    for (const auto& workers : of_shards) {
        for (const auto& one : workers) {
            const auto [at, is_new] = all.try_emplace(one.worker, one);
            if (is_new) {
                continue;
            }
            auto& known = at->second;
            known.leases += one.leases;
            known.taken += one.taken;
            known.completed += one.completed;
            known.failed += one.failed;
            known.finished.add(one.finished);
            known.first_seen = std::min(known.first_seen, one.first_seen);
            known.last_seen = std::max(known.last_seen, one.last_seen);
        }
    }
    std::vector<worker_info> out;
    out.reserve(all.size());
    for (auto& [_, info] : all) {
        out.push_back(std::move(info));
    }
    return out;
}

}  // namespace kwq::scheduler
