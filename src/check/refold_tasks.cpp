// The tasks' half of the refold: what an owner decides about one task, and what workers report.
#include "base/hash.hpp"
#include "check/refold.hpp"

#include <algorithm>

namespace kwq::check {

namespace {

constexpr std::int64_t longest_backoff = 3'600'000;
// A wall clock may be set while the owner runs; more than this is no accident of rounding.
constexpr std::int64_t clock_slack = 1'000;

std::string name_of(const task_table& table, const task_line& t) {
    return "the task in " + to_string(table.place_of(t));
}

/// The least that a task waits before it is tried again: a tenth less than said.
std::int64_t least_backoff(const model::task_limits& limits, std::uint32_t spent) {
    std::int64_t wait = std::min(limits.backoff.count(), longest_backoff);
    for (std::uint32_t i = 1; i < spent && wait < longest_backoff; ++i) {
        wait = std::min(wait * 2, longest_backoff);
    }
    return wait - wait / 10 - 1;
}

}  // namespace

/// The line of the record an event names; null, and said, when there is none.
task_line* refold::look_up(const model::record& where, const model::task_id* id) {
    found_.checked(rule::phantom);
    task_line* t = table_.find(where);
    if (t == nullptr) {
        broken(rule::phantom, "there is no record " + to_string(where));
        return nullptr;
    }
    if (id != nullptr && t->there && (!t->readable || t->id != hash_of(*id))) {
        broken(rule::phantom,
               "the record " + to_string(where) + " is not of the task " + id->value());
        return nullptr;
    }
    book_.update(*t, table_);
    return t;
}

std::uint32_t refold::bound(std::uint64_t id) const {
    const auto found = ids_.find(id);
    if (found == hash_index::none) {
        return found;
    }
    const auto& t = table_.row(found);
    const bool settled = has_ended(t.where) && t.where != whereabouts::dead;
    return settled && t.settled_at < horizon_.value() ? hash_index::none : found;
}

void refold::bind(const task_line& t, std::uint64_t id) {
    ids_[id] = table_.number_of(t);
}

void refold::moved(task_line& t) {
    t.since = offset_;
    t.by_command = false;
    t.left_head = true;
}

void refold::settle(task_line& t, whereabouts w) {
    t.where = w;
    t.settled_at = at_.value();
}

void refold::end_lease(task_line& t, lease_end how) {
    t.ended_lease = t.lease;
    t.ended = how;
    t.lease = 0;
    t.running = false;
}

void refold::fail_attempt(task_line& t, bool retry, lease_end how) {
    end_lease(t, how);
    ++t.spent;
    const auto& limits = table_.limits(t.limits);
    if (!retry || t.spent >= limits.max_attempts) {
        t.where = whereabouts::dead;
        return;
    }
    t.where = limits.backoff.count() > 0 ? whereabouts::scheduled : whereabouts::pending;
    t.due = at_.value() + least_backoff(limits, t.spent);
}

void refold::check_intro(const task_line& t, const model::task_intro& intro) {
    if (!t.readable) {
        return;
    }
    found_.checked(rule::changed_bytes);
    if (table_.jobs()[t.job] != intro.job || t.tags != checksum_of(intro.tags) ||
        t.submitted_at != intro.submitted_at.value() ||
        !(table_.limits(t.limits) == intro.limits)) {
        broken(rule::changed_bytes, "job, tags, time or limits are not those of the record " +
                                        to_string(table_.place_of(t)));
    }
}

/// What the first event of a task must bring.
why_void refold::first_event(task_line& t, const model::task_id& id,
                             const std::optional<model::task_intro>& intro) {
    if (t.where != whereabouts::ahead) {
        return why_void::none;
    }
    const auto other = bound(hash_of(id));
    if (other != hash_index::none && other != table_.number_of(t)) {
        return why_void::id_taken;
    }
    if (!intro) {
        return why_void::no_intro;
    }
    check_intro(t, *intro);
    if (!t.there) {  // trimmed: the event is all there is
        t.id = hash_of(id);
        t.job = table_.intern_job(intro->job);
        t.limits = table_.intern_limits(intro->limits);
    }
    return why_void::none;
}

/// The owner hands out what it must not. A command of a whole job may have overtaken it.
why_void refold::wrong_hand_out(const task_line& t) {
    if (!t.by_command) {
        const auto about = name_of(table_, t) + " is " + std::string(to_string(t.where));
        switch (t.where) {
            case whereabouts::leased: broken(rule::two_leases, about + " already"); break;
            case whereabouts::dead:
                broken(rule::attempts, about + ": its attempts are spent");
                break;
            case whereabouts::cancelled: broken(rule::cancelled_stays, about); break;
            default: broken(rule::state_machine, about); break;
        }
    }
    return why_void::wrong_place;
}

/// A token names shard, epoch, task and attempt, and counts up: so no two are alike.
void refold::check_token(const model::allocated& e) {
    found_.checked(rule::lease_token);
    const auto parts = model::decode_lease(e.lease);
    if (!parts || parts->shard.value() != options_.shard || parts->epoch.value() != epoch_ ||
        parts->place != e.place || parts->attempt != e.attempt) {
        broken(rule::lease_token, "its lease does not name its shard, claim, record and attempt");
        return;
    }
    if (parts->sequence <= sequence_) {
        broken(rule::lease_token, "its lease has number " + std::to_string(parts->sequence) +
                                      " of this claim, after number " + std::to_string(sequence_));
    }
    sequence_ = std::max(sequence_, parts->sequence);
}

void refold::note_allocation(const task_line& t, std::uint64_t lease) {
    if (!options_.keep_leases) {
        return;
    }
    stories_[lease] = {.task = table_.number_of(t), .attempt = t.attempt, .allocated_at = offset_};
}

why_void refold::on(const model::allocated& e) {
    check_token(e);
    task_line* t = look_up(e.place, &e.id);
    if (t == nullptr) {
        return why_void::no_record;
    }
    for (const auto r : {rule::two_leases, rule::attempts, rule::cancelled_stays}) {
        found_.checked(r);
    }
    if (t->where != whereabouts::ahead && t->where != whereabouts::pending) {
        return wrong_hand_out(*t);
    }
    if (const auto bad = first_event(*t, e.id, e.intro); bad != why_void::none) {
        return bad;
    }
    if (e.attempt != t->attempt + 1) {
        broken(rule::lease_token, "it is attempt " + std::to_string(e.attempt) + " after attempt " +
                                      std::to_string(t->attempt));
        return why_void::wrong_attempt;
    }
    if (t->where == whereabouts::ahead && t->timed) {
        found_.checked(rule::not_before);
        const auto& times = table_.times_of(*t);
        if (times.not_before && at_.value() + clock_slack < times.not_before->value()) {
            broken(rule::not_before, name_of(table_, *t) + " was to wait for its not_before");
        }
    }
    bind(*t, hash_of(e.id));
    t->where = whereabouts::leased;
    t->running = false;
    t->attempt = e.attempt;
    t->lease = hash_of(e.lease);
    t->lease_epoch = epoch_;
    t->lease_t = t_;
    moved(*t);
    note_allocation(*t, t->lease);
    return why_void::none;
}

why_void refold::on(const model::parked& e) {
    task_line* t = look_up(e.place, &e.id);
    if (t == nullptr) {
        return why_void::no_record;
    }
    found_.checked(rule::state_machine);
    if (t->where != whereabouts::ahead && t->where != whereabouts::pending) {
        if (!t->by_command) {
            broken(rule::state_machine, name_of(table_, *t) + " is " +
                                            std::string(to_string(t->where)) + ", not waiting");
        }
        return why_void::wrong_place;
    }
    if (const auto bad = first_event(*t, e.id, e.intro); bad != why_void::none) {
        return bad;
    }
    bind(*t, hash_of(e.id));
    t->where = whereabouts::scheduled;
    t->due = e.until.value();
    moved(*t);
    return why_void::none;
}

why_void refold::on(const model::moved& e) {
    task_line* t = look_up(e.place, &e.id);
    if (t == nullptr) {
        return why_void::no_record;
    }
    const bool ahead = t->where == whereabouts::ahead;
    if (!ahead && t->where != whereabouts::pending && t->where != whereabouts::scheduled) {
        return why_void::wrong_place;
    }
    if (const auto bad = first_event(*t, e.id, e.intro); bad != why_void::none) {
        return bad;
    }
    const auto served = t->moved_to == 0 ? e.place.priority.value() : t->moved_to;
    if (served == e.to.value()) {
        return why_void::already;
    }
    found_.checked(rule::lost_task);
    if (table_.find_lane(e.place.queue, e.to) == nullptr) {
        broken(rule::lost_task,
               name_of(table_, *t) + " is moved to a priority that its queue has not");
    }
    found_.checked(rule::not_before);
    if (ahead && t->timed) {
        const auto& times = table_.times_of(*t);
        if (times.not_before && at_.value() + clock_slack < times.not_before->value()) {
            broken(rule::not_before, name_of(table_, *t) + " was to wait for its not_before");
        }
    }
    bind(*t, hash_of(e.id));
    t->where = ahead ? whereabouts::pending : t->where;
    t->moved_to = e.to == e.place.priority ? 0 : e.to.value();
    moved(*t);
    return why_void::none;
}

why_void refold::on(const model::ready& e) {
    task_line* t = look_up(e.place, &e.id);
    if (t == nullptr) {
        return why_void::no_record;
    }
    const bool retry = e.reason == model::ready_reason::retry;
    if (t->where != (retry ? whereabouts::dead : whereabouts::scheduled)) {
        return why_void::wrong_place;
    }
    if (retry) {
        t->spent = 0;
        retried_.insert(t->id);
    } else {
        found_.checked(rule::not_before);
        if (at_.value() + clock_slack < t->due) {
            broken(rule::not_before, name_of(table_, *t) + " comes back " +
                                         std::to_string(t->due - at_.value()) + " ms too early");
        }
    }
    t->where = whereabouts::pending;
    moved(*t);
    return why_void::none;
}

why_void refold::on(const model::lease_expired& e) {
    task_line* t = look_up(e.place, &e.id);
    if (t == nullptr) {
        return why_void::no_record;
    }
    if (t->where != whereabouts::leased || t->lease != hash_of(e.lease)) {
        return why_void::lease_lost;
    }
    const auto start = t->lease_epoch == epoch_ ? t->lease_t : 0;
    const auto lease = table_.limits(t->limits).lease.count();
    found_.checked(rule::early_expiry);
    if (t_ < start + lease) {
        broken(rule::early_expiry, "the lease of " + name_of(table_, *t) + " ends after " +
                                       std::to_string(t_ - start) + " ms of " +
                                       std::to_string(lease));
        return why_void::too_early;
    }
    fail_attempt(*t, true, lease_end::expired);
    moved(*t);
    return why_void::none;
}

why_void refold::on(const model::cancelled& e) {
    task_line* t = look_up(e.place, &e.id);
    if (t == nullptr) {
        return why_void::no_record;
    }
    if (has_ended(t->where)) {
        return why_void::wrong_place;
    }
    if (const auto bad = first_event(*t, e.id, e.intro); bad != why_void::none) {
        return bad;
    }
    if (e.reason == model::cancel_reason::expired && t->readable) {
        found_.checked(rule::state_machine);
        const auto expires = t->timed ? table_.times_of(*t).expires_at : std::nullopt;
        if (!expires || *expires > at_ + milliseconds{clock_slack}) {
            broken(rule::state_machine, name_of(table_, *t) + " has not expired");
        }
    }
    bind(*t, hash_of(e.id));
    if (t->where == whereabouts::leased) {
        end_lease(*t, lease_end::cancelled);
    }
    settle(*t, whereabouts::cancelled);
    moved(*t);
    return why_void::none;
}

why_void refold::on(const model::duplicate& e) {
    task_line* t = look_up(e.place, &e.id);
    if (t == nullptr) {
        return why_void::no_record;
    }
    if (t->where != whereabouts::ahead) {
        return why_void::wrong_place;
    }
    found_.checked(rule::duplicate_id);
    const auto other = bound(hash_of(e.id));
    const task_line* of = table_.find(e.of);
    if (other == hash_index::none && has_lost_past(*t)) {
        return why_void::not_duplicate;  // what it repeats was trimmed, and so was it
    }
    if (other == hash_index::none || other == table_.number_of(*t)) {
        broken(rule::duplicate_id, name_of(table_, *t) + " is dropped, but no other record has " +
                                       "its id " + e.id.value());
        return why_void::not_duplicate;
    }
    if (of == nullptr || table_.number_of(*of) != other) {
        broken(rule::duplicate_id, "the id " + e.id.value() + " belongs to " +
                                       to_string(table_.place_of(table_.row(other))) + ", not to " +
                                       to_string(e.of));
    }
    settle(*t, whereabouts::dropped);
    moved(*t);
    return why_void::none;
}

why_void refold::on(const model::rejected& e) {
    task_line* t = look_up(e.place, nullptr);
    if (t == nullptr) {
        return why_void::no_record;
    }
    if (t->where != whereabouts::ahead) {
        return why_void::wrong_place;
    }
    found_.checked(rule::lost_task);
    if (t->readable) {
        broken(rule::lost_task, name_of(table_, *t) + " is set aside, but it can be read");
    }
    settle(*t, whereabouts::set_aside);
    moved(*t);
    return why_void::none;
}

}  // namespace kwq::check
