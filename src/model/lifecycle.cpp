#include "model/lifecycle.hpp"

#include "base/assert.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <variant>

namespace kwq::model {

namespace {

constexpr milliseconds longest_backoff{3'600'000};

step_result refused(const task_facts& before, void_reason reason) {
    return {verdict{reason}, before};
}

bool has_ended(place p) {
    return p == place::dead || p == place::complete || p == place::cancelled ||
           p == place::duplicate || p == place::rejected;
}

bool is_waiting(place p) {
    return p == place::ahead || p == place::scheduled || p == place::pending;
}

/// May a first-seen task be named by this event?
void_reason check_first(const task_facts& before, bool id_taken,
                        const std::optional<task_intro>& intro) {
    if (before.place != place::ahead) {
        return void_reason::none;
    }
    if (id_taken) {
        return void_reason::id_taken;
    }
    return intro ? void_reason::none : void_reason::no_intro;
}

void_reason check_lease(const task_facts& before, const lease_token& lease, outcome reported) {
    if (before.place == place::leased && before.lease == lease) {
        return void_reason::none;
    }
    if (before.last_lease != fingerprint(lease) || before.last_outcome == outcome::expired ||
        before.last_outcome == outcome::cancelled || before.last_outcome == outcome::none) {
        return void_reason::lease_lost;
    }
    if (reported == outcome::none) {
        return void_reason::lease_lost;  // running or progress after the end
    }
    return before.last_outcome == reported ? void_reason::already : void_reason::outcome_conflict;
}

task_facts end_lease(task_facts facts, outcome how) {
    facts.last_lease = fingerprint(facts.lease);
    facts.last_outcome = how;
    facts.lease = lease_token{};
    facts.lease_epoch = offset{-1};
    facts.lease_t = milliseconds{0};
    facts.running = false;
    return facts;
}

task_facts wait_until(task_facts facts, instant at, milliseconds delay) {
    facts.place = delay > milliseconds::zero() ? place::scheduled : place::pending;
    facts.due = delay > milliseconds::zero() ? at + delay : instant{0};
    return facts;
}

task_facts fail_attempt(task_facts facts, const task_id& id, instant at, bool retry, outcome how) {
    facts = end_lease(std::move(facts), how);
    ++facts.spent;
    if (!retry || facts.spent >= facts.limits.max_attempts) {
        facts.place = place::dead;
        return facts;
    }
    const auto delay = backoff_after(facts.limits, facts.spent, id);
    return wait_until(std::move(facts), at, delay);
}

class stepper {
public:
    stepper(const task_facts& before, bool id_taken, const logged_event& logged)
        : before_(before), id_taken_(id_taken), logged_(logged) {}

    step_result operator()(const allocated& e) const {
        if (before_.place != place::ahead && before_.place != place::pending) {
            return refused(before_, void_reason::wrong_place);
        }
        if (const auto bad = check_first(before_, id_taken_, e.intro); bad != void_reason::none) {
            return refused(before_, bad);
        }
        if (e.attempt != before_.attempt + 1) {
            return refused(before_, void_reason::wrong_attempt);
        }
        task_facts after = introduced(e.intro);
        after.place = place::leased;
        after.running = false;
        after.attempt = e.attempt;
        after.lease = e.lease;
        after.lease_epoch = logged_.event.owner->epoch;
        after.lease_t = logged_.event.owner->t;
        return accept(std::move(after));
    }

    step_result operator()(const parked& e) const {
        if (before_.place != place::ahead && before_.place != place::pending) {
            return refused(before_, void_reason::wrong_place);
        }
        if (const auto bad = check_first(before_, id_taken_, e.intro); bad != void_reason::none) {
            return refused(before_, bad);
        }
        task_facts after = introduced(e.intro);
        after.place = place::scheduled;
        after.due = e.until;
        return accept(std::move(after));
    }

    step_result operator()(const ready& e) const {
        const place needed = e.reason == ready_reason::due ? place::scheduled : place::dead;
        if (before_.place != needed) {
            return refused(before_, void_reason::wrong_place);
        }
        task_facts after = before_;
        after.place = place::pending;
        after.due = instant{0};
        if (e.reason == ready_reason::retry) {
            after.spent = 0;
        }
        return accept(std::move(after));
    }

    step_result operator()(const lease_expired& e) const {
        if (before_.place != place::leased || before_.lease != e.lease) {
            return refused(before_, void_reason::lease_lost);
        }
        const auto& owner = *logged_.event.owner;
        const auto start =
            before_.lease_epoch == owner.epoch ? before_.lease_t : milliseconds::zero();
        if (owner.t < start + before_.limits.lease) {
            return refused(before_, void_reason::too_early);
        }
        return accept(fail_attempt(before_, e.id, logged_.event.at, true, outcome::expired));
    }

    step_result operator()(const cancelled& e) const {
        if (has_ended(before_.place)) {
            return refused(before_, void_reason::wrong_place);
        }
        if (const auto bad = check_first(before_, id_taken_, e.intro); bad != void_reason::none) {
            return refused(before_, bad);
        }
        task_facts after = introduced(e.intro);
        if (after.place == place::leased) {
            after = end_lease(std::move(after), outcome::cancelled);
        }
        after.place = place::cancelled;
        return accept(std::move(after));
    }

    step_result operator()(const duplicate&) const {
        if (before_.place != place::ahead) {
            return refused(before_, void_reason::wrong_place);
        }
        if (!id_taken_) {
            return refused(before_, void_reason::not_duplicate);
        }
        task_facts after = before_;
        after.place = place::duplicate;
        return accept(std::move(after));
    }

    step_result operator()(const rejected&) const {
        if (before_.place != place::ahead) {
            return refused(before_, void_reason::wrong_place);
        }
        task_facts after = before_;
        after.place = place::rejected;
        return accept(std::move(after));
    }

    step_result operator()(const moved& e) const {
        if (!is_waiting(before_.place)) {
            return refused(before_, void_reason::wrong_place);
        }
        if (const auto bad = check_first(before_, id_taken_, e.intro); bad != void_reason::none) {
            return refused(before_, bad);
        }
        if (e.to == priority_of(e.place, before_)) {
            return refused(before_, void_reason::already);
        }
        task_facts after = introduced(e.intro);
        after.place = before_.place == place::ahead ? place::pending : before_.place;
        after.priority = e.to == e.place.priority ? priority{0} : e.to;
        return accept(std::move(after));
    }

    step_result operator()(const running& e) const {
        if (const auto bad = check_lease(before_, e.lease, outcome::none);
            bad != void_reason::none) {
            return refused(before_, bad);
        }
        if (before_.running) {
            return refused(before_, void_reason::already);
        }
        task_facts after = before_;
        after.running = true;
        return accept(std::move(after));
    }

    step_result operator()(const progress& e) const {
        const auto bad = check_lease(before_, e.lease, outcome::none);
        return {verdict{bad}, before_};  // changes nothing that the lifecycle knows
    }

    step_result operator()(const complete& e) const {
        if (const auto bad = check_lease(before_, e.lease, outcome::complete);
            bad != void_reason::none) {
            return refused(before_, bad);
        }
        task_facts after = end_lease(before_, outcome::complete);
        after.place = place::complete;
        return accept(std::move(after));
    }

    step_result operator()(const task_error& e) const {
        if (const auto bad = check_lease(before_, e.lease, outcome::error);
            bad != void_reason::none) {
            return refused(before_, bad);
        }
        // Timed out, it was the owner that ended the lease: a late report finds it lost.
        const auto how = e.kind == error_kind::timeout ? outcome::expired : outcome::error;
        return accept(fail_attempt(before_, e.id, logged_.event.at, e.retry, how));
    }

    step_result operator()(const released& e) const {
        if (const auto bad = check_lease(before_, e.lease, outcome::released);
            bad != void_reason::none) {
            return refused(before_, bad);
        }
        return accept(wait_until(end_lease(before_, outcome::released), logged_.event.at, e.delay));
    }

    template <class PartitionEvent>
    step_result operator()(const PartitionEvent&) const {
        return refused(before_, void_reason::wrong_place);
    }

private:
    task_facts introduced(const std::optional<task_intro>& intro) const {
        task_facts after = before_;
        if (before_.place == place::ahead && intro) {
            after.limits = intro->limits;
        }
        return after;
    }

    step_result accept(task_facts after) const {
        after.since = logged_.offset;
        return {verdict{}, std::move(after)};
    }

    const task_facts& before_;
    const bool id_taken_;
    const logged_event& logged_;
};

/// `p`: where the task is served; the ends are of the topics that tasks were submitted to.
bool covered_by_end(const control& c, const record& where, priority p) {
    if (c.priority && *c.priority != p) {
        return false;
    }
    return std::any_of(c.ends.begin(), c.ends.end(), [&](const topic_end& e) {
        return e.queue == where.queue && e.priority == where.priority && where.offset < e.end;
    });
}

/// Applies one command; true when it changed something.
bool apply_command(const control_ledger::entry& e, const record& where, task_facts& facts) {
    if (e.at_offset <= facts.since) {
        return false;
    }
    switch (e.what.action) {
        case control_action::retry_job:
            if (facts.place != place::dead) {
                return false;
            }
            facts.place = place::pending;
            facts.spent = 0;
            break;
        case control_action::cancel_job:
        case control_action::empty_queue: {
            const bool leased = facts.place == place::leased;
            const bool open =
                is_waiting(facts.place) || (leased && e.what.action == control_action::cancel_job);
            if (!open || !covered_by_end(e.what, where, priority_of(where, facts))) {
                return false;
            }
            if (leased) {
                facts = end_lease(std::move(facts), outcome::cancelled);
            }
            facts.place = place::cancelled;
            break;
        }
    }
    facts.since = e.at_offset;
    return true;
}

/// The claim and all that came after it have been trimmed: this event says what they amounted to.
bool begins_here(const partition_facts& partition, const logged_event& logged) {
    const auto* h = std::get_if<horizon>(&logged.event.body);
    return h != nullptr && h->control_next && logged.event.owner && partition.epoch < offset{0} &&
           logged.offset > logged.event.owner->epoch;
}

}  // namespace

step_result step(const task_facts& before, bool id_taken, const logged_event& logged) {
    KWQ_ASSERT(place_of(logged.event.body) != nullptr);
    if (is_owner_event(logged.event.body)) {
        KWQ_ASSERT(logged.event.owner.has_value());
    }
    return std::visit(stepper{before, id_taken, logged}, logged.event.body);
}

verdict step_partition(partition_facts& partition, const logged_event& logged) {
    const event& e = logged.event;
    if (std::holds_alternative<claim>(e.body)) {
        partition.epoch = logged.offset;
        partition.t = milliseconds{0};
        return {};
    }
    if (!is_owner_event(e.body)) {
        return {};
    }
    if (begins_here(partition, logged)) {
        partition.epoch = e.owner->epoch;
        partition.control_seen = offset{std::get<horizon>(e.body).control_next->value() - 1};
    }
    if (!e.owner || e.owner->epoch != partition.epoch || e.owner->t < partition.t) {
        return {void_reason::stale_epoch};
    }
    if (const auto* c = std::get_if<control>(&e.body)) {
        if (c->control_offset <= partition.control_seen) {
            return {void_reason::stale_control};
        }
        partition.control_seen = c->control_offset;
    }
    if (const auto* h = std::get_if<horizon>(&e.body)) {
        partition.horizon = std::max(partition.horizon, h->before);
    }
    partition.t = e.owner->t;
    return {};
}

task_state state_of(const task_facts& facts) {
    switch (facts.place) {
        case place::ahead:
        case place::pending: return task_state::pending;
        case place::scheduled: return task_state::scheduled;
        case place::leased: return facts.running ? task_state::running : task_state::allocated;
        case place::dead: return task_state::error;
        case place::complete: return task_state::complete;
        case place::cancelled:
        case place::duplicate:
        case place::rejected: return task_state::cancelled;
    }
    return task_state::pending;
}

milliseconds backoff_after(const task_limits& limits, std::uint32_t spent, const task_id& id) {
    KWQ_ASSERT(spent > 0);
    milliseconds wait = std::min(limits.backoff, longest_backoff);
    for (std::uint32_t i = 1; i < spent && wait < longest_backoff; ++i) {
        wait = std::min(wait * 2, longest_backoff);
    }
    // ± 10 %: in thousandths, from -100 to +100.
    const auto drawn = static_cast<std::int64_t>(hash64(id.value(), spent) % 201);
    return milliseconds{wait.count() + wait.count() * (drawn - 100) / 1000};
}

std::uint64_t fingerprint(const lease_token& lease) {
    return hash64(lease.value());
}

void control_ledger::apply(offset at_offset, instant at, const control& c) {
    auto& list = c.action == control_action::empty_queue ? by_queue_[c.queue] : by_job_[c.job];
    list.push_back({at_offset, at, c});
}

task_facts control_ledger::effective(const record& where, const job_name& job,
                                     const task_facts& facts, instant* at) const {
    if (empty()) {
        return facts;
    }
    static const std::vector<entry> none;
    const auto job_found = by_job_.find(job);
    const auto queue_found = by_queue_.find(where.queue);
    const auto& jobs = job_found == by_job_.end() ? none : job_found->second;
    const auto& queues = queue_found == by_queue_.end() ? none : queue_found->second;
    task_facts now = facts;
    auto j = jobs.begin();
    auto q = queues.begin();
    while (j != jobs.end() || q != queues.end()) {
        const bool from_job = q == queues.end() || (j != jobs.end() && j->at_offset < q->at_offset);
        const entry& e = from_job ? *j++ : *q++;
        if (apply_command(e, where, now) && at != nullptr) {
            *at = e.at;
        }
    }
    return now;
}

offset control_ledger::last_retry(const job_name& job) const {
    const auto found = by_job_.find(job);
    if (found == by_job_.end()) {
        return offset{-1};
    }
    for (auto e = found->second.rbegin(); e != found->second.rend(); ++e) {
        if (e->what.action == control_action::retry_job) {
            return e->at_offset;
        }
    }
    return offset{-1};
}

std::vector<job_name> control_ledger::retried_jobs() const {
    std::vector<job_name> jobs;
    for (const auto& [job, entries] : by_job_) {
        if (last_retry(job) >= offset{0}) {
            jobs.push_back(job);
        }
    }
    std::sort(jobs.begin(), jobs.end());
    return jobs;
}

const std::vector<control_ledger::entry>* control_ledger::of_job(const job_name& job) const {
    const auto found = by_job_.find(job);
    return found == by_job_.end() ? nullptr : &found->second;
}

std::string_view to_string(void_reason r) {
    switch (r) {
        case void_reason::none: return "accepted";
        case void_reason::stale_epoch: return "stale_epoch";
        case void_reason::lease_lost: return "lease_lost";
        case void_reason::already: return "already";
        case void_reason::outcome_conflict: return "outcome_conflict";
        case void_reason::wrong_place: return "wrong_place";
        case void_reason::id_taken: return "id_taken";
        case void_reason::not_duplicate: return "not_duplicate";
        case void_reason::too_early: return "too_early";
        case void_reason::stale_control: return "stale_control";
        case void_reason::wrong_attempt: return "wrong_attempt";
        case void_reason::no_intro: return "no_intro";
    }
    return "?";
}

std::string_view to_string(place p) {
    switch (p) {
        case place::ahead: return "ahead";
        case place::scheduled: return "scheduled";
        case place::pending: return "pending";
        case place::leased: return "leased";
        case place::dead: return "dead";
        case place::complete: return "complete";
        case place::cancelled: return "cancelled";
        case place::duplicate: return "duplicate";
        case place::rejected: return "rejected";
    }
    return "?";
}

std::string_view to_string(outcome o) {
    switch (o) {
        case outcome::none: return "none";
        case outcome::complete: return "complete";
        case outcome::error: return "error";
        case outcome::released: return "released";
        case outcome::expired: return "expired";
        case outcome::cancelled: return "cancelled";
    }
    return "?";
}

}  // namespace kwq::model
