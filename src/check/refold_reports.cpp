// What workers report, in the refold: it stands on a lease and counts while that is the live one.
#include "check/refold.hpp"

namespace kwq::check {

/// Why a report on a lease that is not the live one does not count.
why_void refold::lost_lease(const task_line& t, const model::record& where,
                            const model::lease_token& lease, lease_end reported) {
    const auto hash = hash_of(lease);
    if (t.ended_lease != hash || t.ended == lease_end::none) {
        // An older lease of the task is nothing special; one that nobody got is.
        const auto parts = model::decode_lease(lease);
        const bool is_unheard_of = !parts || parts->place != where || parts->attempt >= t.attempt;
        if (is_unheard_of && !has_lost_past(t)) {
            broken(rule::told_not_logged, "no event before it gave out its lease");
        }
        return why_void::lease_lost;
    }
    if (t.ended == lease_end::expired || t.ended == lease_end::cancelled ||
        reported == lease_end::none) {
        return why_void::lease_lost;
    }
    return t.ended == reported ? why_void::already : why_void::outcome_conflict;
}

why_void refold::check_lease(const model::record& where, const model::task_id& id,
                             const model::lease_token& lease, lease_end reported,
                             task_line** found) {
    task_line* t = look_up(where, &id);
    *found = t;
    if (t == nullptr) {
        return why_void::no_record;
    }
    found_.checked(rule::told_not_logged);
    found_.checked(rule::stale_lease);
    if (t->where == whereabouts::leased && t->lease == hash_of(lease)) {
        return why_void::none;
    }
    return lost_lease(*t, where, lease, reported);
}

void refold::note_report(std::uint64_t lease, lease_end how) {
    if (!options_.keep_leases) {
        return;
    }
    auto& story = stories_[lease];
    if (how == lease_end::none) {
        story.ran = true;
    } else {
        story.reported = how;
    }
}

why_void refold::on(const model::running& e) {
    task_line* t = nullptr;
    if (const auto bad = check_lease(e.place, e.id, e.lease, lease_end::none, &t);
        bad != why_void::none) {
        return bad;
    }
    if (t->running) {
        return why_void::already;
    }
    t->running = true;
    note_report(t->lease, lease_end::none);
    moved(*t);
    return why_void::none;
}

why_void refold::on(const model::progress& e) {
    task_line* t = nullptr;
    return check_lease(e.place, e.id, e.lease, lease_end::none, &t);
}

why_void refold::on(const model::complete& e) {
    task_line* t = nullptr;
    if (const auto bad = check_lease(e.place, e.id, e.lease, lease_end::complete, &t);
        bad != why_void::none) {
        return bad;
    }
    found_.checked(rule::complete_once);
    note_report(t->lease, lease_end::complete);
    end_lease(*t, lease_end::complete);
    settle(*t, whereabouts::complete);
    moved(*t);
    if (!e.then.empty()) {
        with_then_.insert(offset_);
        auto& ids = then_ids_[offset_];
        for (const auto& follow_up : e.then) {
            ids.push_back(hash_of(follow_up.id));
            if (options_.keep_leases) {
                children_.insert(ids.back());
            }
        }
    }
    return why_void::none;
}

why_void refold::on(const model::task_error& e) {
    task_line* t = nullptr;
    if (const auto bad = check_lease(e.place, e.id, e.lease, lease_end::error, &t);
        bad != why_void::none) {
        return bad;
    }
    const bool timed_out = e.kind == model::error_kind::timeout;
    if (!timed_out) {
        note_report(t->lease, lease_end::error);
    }
    fail_attempt(*t, e.retry, timed_out ? lease_end::expired : lease_end::error);
    moved(*t);
    return why_void::none;
}

why_void refold::on(const model::released& e) {
    task_line* t = nullptr;
    if (const auto bad = check_lease(e.place, e.id, e.lease, lease_end::released, &t);
        bad != why_void::none) {
        return bad;
    }
    note_report(t->lease, lease_end::released);
    end_lease(*t, lease_end::released);
    t->where = e.delay.count() > 0 ? whereabouts::scheduled : whereabouts::pending;
    t->due = at_.value() + e.delay.count();
    moved(*t);
    return why_void::none;
}

}  // namespace kwq::check
