// The part of the shard that serves workers' polls: strict priority, first come first served, woken
// only when there is work for them.
#include "base/assert.hpp"
#include "scheduler/shard.hpp"

#include <algorithm>
#include <utility>

namespace kwq::scheduler {

using model::place;

void shard::poll(poll_ticket ticket, poll_request request, const moment& now) {
    ++counters_.polls;
    workers_.polled(request.worker, request.queues, now.at);
    auto [at, is_new] = polls_.try_emplace(ticket);
    KWQ_ASSERT(is_new);
    waiting_poll& p = at->second;
    p.request = std::move(request);
    p.deadline = now.mono + std::min(p.request.wait, options_.max_wait);
    poll_deadlines_.emplace(p.deadline, ticket);
    for (const auto& r : p.request.settle) {
        auto judged = judge_report(r);
        p.answer.settled.push_back({r.lease, settle_status::unknown});
        if (const auto* status = std::get_if<settle_status>(&judged)) {
            p.answer.settled.back().status = *status;
            p.settled_up_to = state_.applied_offset();
        } else if (owner_) {
            ++p.settles_out;
            send_settle(ticket, p.answer.settled.size() - 1,
                        std::move(std::get<model::event_body>(judged)), now);
        }
    }
    const bool takes = p.request.max > 0 && !stopping_;
    if (takes) {
        for (const auto& q : p.request.queues) {
            polls_of_[q].insert(ticket);
        }
        workers_.waits(p.request.worker, true);
    }
    // A verdict does not wait for work: who settles is answered with what there is. Without an
    // owner there is none to give, and whoever repeats had better not do so at once.
    if (!takes || (owner_ && !p.request.settle.empty())) {
        poll_deadlines_.erase({p.deadline, ticket});
        p.deadline = now.mono;
        poll_deadlines_.emplace(p.deadline, ticket);
    }
}

std::size_t shard::waiting_polls_of(const model::queue_name& q) const {
    const auto found = polls_of_.find(q);
    return found == polls_of_.end() ? 0 : found->second.size();
}

void shard::abandon(poll_ticket ticket, const moment& now) {
    const auto found = polls_.find(ticket);
    if (found == polls_.end()) {
        return;
    }
    waiting_poll& p = found->second;
    for (const auto& lease : p.answer.leases) {
        if (owner_) {
            send(model::released{lease.task->place, lease.task->body.id, lease.lease,
                                 milliseconds{0}},
                 now);
        }
    }
    for (const auto& q : p.request.queues) {
        polls_of_[q].erase(ticket);
    }
    workers_.waits(p.request.worker, false);
    poll_deadlines_.erase({p.deadline, ticket});
    polls_.erase(found);  // allocations on their way find no poll and are released
}

void shard::stop_dispatch(const moment& now) {
    stopping_ = true;
    end_waiting(now);
}

/// Whoever waits is answered as soon as it can be: with what it has, or with nothing.
void shard::end_waiting(const moment& now) {
    for (auto& [ticket, p] : polls_) {
        poll_deadlines_.erase({p.deadline, ticket});
        p.deadline = now.mono;
        poll_deadlines_.emplace(p.deadline, ticket);
    }
}

bool shard::may_hand_out(const moment& now) const {
    return owner_ && !stopping_ && !gates_.all_paused(now.at) &&
           gates_.dispatch(now.at).state == model::dispatch_state::running;
}

bool shard::lane_open(const lane_key& lane, const moment& now) const {
    return gates_.queue_paused(lane.queue, now.at) == nullptr &&
           !gates_.priority_paused(lane.queue, lane.level, now.at);
}

directive shard::directive_now(const moment& now) const {
    switch (gates_.dispatch(now.at).state) {
        case model::dispatch_state::running:
        case model::dispatch_state::paused: return directive::run;
        case model::dispatch_state::draining: return directive::drain;
        case model::dispatch_state::stopped: return directive::stop;
    }
    return directive::run;
}

void shard::serve(const moment& now) {
    if (!may_hand_out(now)) {
        return;
    }
    for (auto& [queue, tickets] : polls_of_) {
        if (queues_.find(queue) == queues_.end()) {
            continue;
        }
        while (!tickets.empty() && !is_busy()) {
            const auto ticket = *tickets.begin();
            auto& p = polls_.at(ticket);
            if (!fill(ticket, p, now)) {
                break;  // nothing for the first: nothing for those behind it either
            }
            for (const auto& q : p.request.queues) {
                polls_of_[q].erase(ticket);
            }
        }
    }
}

bool shard::fill(poll_ticket ticket, waiting_poll& p, const moment& now) {
    for (const auto& queue : p.request.queues) {
        if (queues_.find(queue) != queues_.end() && !fill_from(queue, ticket, p, now)) {
            break;  // what comes first there is being read: nothing less urgent may overtake it
        }
    }
    return p.reserved > 0;
}

/// False when the queue may have more urgent work that has not been read yet.
bool shard::fill_from(const model::queue_name& queue, poll_ticket ticket, waiting_poll& p,
                      const moment& now) {
    const auto& priorities = queues_.at(queue);
    std::vector<task_ptr> paused;
    bool complete = true;
    for (auto level = priorities.rbegin(); level != priorities.rend() && complete; ++level) {
        const lane_key lane{queue, *level};
        if (!lane_open(lane, now)) {
            continue;
        }
        while (p.reserved < p.request.max && !is_busy()) {
            auto task = buffer_.take(lane, p.request.affinity);
            if (!task) {
                break;
            }
            if (judge(task, now) == judgement::gone) {
                continue;
            }
            if (gates_.job_paused(task->body.job, now.at)) {
                paused.push_back(task);
            } else {
                allocate(task, ticket, p, now);
            }
        }
        const bool full = p.reserved >= p.request.max || is_busy();
        complete = full || !has_unread_at(queue, *level);
    }
    park_paused(paused, now);
    return complete;
}

void shard::allocate(const task_ptr& task, poll_ticket ticket, waiting_poll& p, const moment& now) {
    const auto& t = *task;
    const auto stored = state_.row(t.place);
    const std::uint32_t attempt = (stored ? stored->facts.attempt : 0) + 1;
    const auto lease = model::encode_lease(
        {options_.id, state_.partition().epoch, ++sequence_, t.place, attempt, random_.next()});
    model::allocated e{t.place, t.body.id, lease, p.request.worker, attempt, std::nullopt};
    if (!stored) {
        e.intro = model::task_intro{t.body.job, t.body.tags, t.submitted_at, t.body.limits};
    }
    reserve(t.place, {task, ticket});
    ++p.reserved;
    send(std::move(e), now);
}

void shard::finish_if_done(poll_ticket ticket, const moment& now, bool give_up) {
    const auto found = polls_.find(ticket);
    if (found == polls_.end()) {
        return;
    }
    const waiting_poll& p = found->second;
    if (p.reserved > 0 || p.settles_out > 0) {
        return;
    }
    if (!p.answer.leases.empty() || give_up || p.deadline <= now.mono) {
        finish(ticket, now);
    }
}

void shard::finish(poll_ticket ticket, const moment& now) {
    const auto found = polls_.find(ticket);
    waiting_poll p = std::move(found->second);
    for (const auto& q : p.request.queues) {
        polls_of_[q].erase(ticket);
    }
    workers_.waits(p.request.worker, false);
    poll_deadlines_.erase({p.deadline, ticket});
    polls_.erase(found);
    counters_.polls_empty += p.answer.leases.empty() ? 1 : 0;
    p.answer.directive = directive_now(now);
    effects_.push_back(answer_poll{ticket, std::move(p.answer), p.settled_up_to});
}

bool shard::is_reading_for(const waiting_poll& p) const {
    const auto reads = [this](const model::queue_name& queue) {
        for (auto lane = io_.lower_bound({queue, model::priority{0}});
             lane != io_.end() && lane->first.queue == queue; ++lane) {
            if (lane->second.reading || lane->second.reading_returned) {
                return true;
            }
        }
        return false;
    };
    return std::any_of(p.request.queues.begin(), p.request.queues.end(), reads);
}

void shard::expire_polls(const moment& now) {
    std::vector<poll_ticket> over;
    for (const auto& [deadline, ticket] : poll_deadlines_) {
        if (deadline > now.mono) {
            break;
        }
        over.push_back(ticket);
    }
    for (const auto ticket : over) {
        auto& p = polls_.at(ticket);
        if (owner_ && !stopping_ && !p.waited_for_read && is_reading_for(p)) {
            p.waited_for_read = true;  // what is being read may be for it; what comes after is not
            continue;
        }
        if (p.reserved == 0 && p.settles_out > 0 && !owner_) {
            continue;  // the verdict comes with the next claim
        }
        finish_if_done(ticket, now, true);
    }
}

}  // namespace kwq::scheduler
