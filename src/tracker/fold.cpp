#include "tracker/fold.hpp"

#include "model/lifecycle.hpp"

#include <algorithm>
#include <utility>

namespace kwq::tracker {

void fold::add_task(model::shard_id shard, const model::stored_task& task) {
    ++tables_.totals.task_records;
    const row_place place{shard, task.place};
    kept_row& kept = tables_.rows.at(place);
    const counted before = tables_.count_of(place, kept.value());
    const bool is_known = kept.value() != nullptr && kept.value()->known;
    if (kept.value() == nullptr || kept.value()->claim == id_claim::none) {
        tables_.offer_id(task.body.id, kept);
    }
    if (is_known) {
        return;  // its first event was read before
    }
    task_row& row = tables_.rows.change(kept);
    row.id = task.body.id;
    introduce(row, place, {task.body.job, task.body.tags, task.submitted_at, task.body.limits});
    row.facts.limits = task.body.limits;
    // What an event or a command did to it before its record was read happened then, not now.
    std::optional<instant> at;
    if (is_dropped(row)) {
        at = row.ended_at;
    } else {
        instant commanded_at{0};
        const auto facts = tables_.effective(place, row, &commanded_at);
        row.listed = model::state_of(facts);
        if (facts.place != row.facts.place) {
            at = commanded_at;
        }
    }
    count(kept, before, at, {});
}

void fold::introduce(task_row& row, const row_place& place, const model::task_intro& intro) {
    const auto [job, is_new_job] = tables_.names.number_of(name_kind::job, intro.job.value());
    if (is_new_job) {
        tables_.jobs.introduce(job);
    }
    if (!row.known || row.job != job) {
        if (row.known) {
            tables_.cells.set(row.job, row.ordinal, empty_cell);
        }
        row.ordinal = tables_.jobs.take_ordinal(job);
        tables_.tags.grown(job);
        tables_.cells.place(job, row.ordinal, place);
    }
    row.known = true;
    row.job = job;
    row.tags.clear();
    for (const auto& tag : intro.tags) {
        const auto [n, is_new] = tables_.names.number_of(name_kind::tag, tag.value());
        if (is_new) {
            tables_.tags.introduce(n);
        }
        if (std::find(row.tags.begin(), row.tags.end(), n) == row.tags.end()) {
            row.tags.push_back(n);
        }
    }
    row.submitted_at = intro.submitted_at;
    row.ready_since = intro.submitted_at;
}

void fold::count_unreadable_event() {
    ++tables_.totals.events;
    ++tables_.totals.undecodable_events;
}

void fold::add_event(model::shard_id shard, const model::logged_event& logged) {
    ++tables_.totals.events;
    auto& p = tables_.partition(shard);
    p.changed = true;
    if (!model::step_partition(p.facts, logged).accepted()) {
        ++tables_.totals.void_events;
        return;
    }
    if (std::holds_alternative<model::control>(logged.event.body)) {
        for (const auto job : commands_.apply(shard, logged)) {
            changes_.jobs.insert(job);
        }
        changes_.all_tasks = true;
    } else if (const auto* c = std::get_if<model::cursor>(&logged.event.body)) {
        tables_.put_cursor(shard, *c);
    } else if (const auto* f = std::get_if<model::followed>(&logged.event.body)) {
        // The follow-ups were read before it: their records are older.
        if (const auto job = tables_.erase_following(shard, f->of)) {
            changes_.jobs.insert(*job);
        }
    } else if (model::place_of(logged.event.body) != nullptr) {
        add_task_event(shard, logged);
    }
}

void fold::add_task_event(model::shard_id shard, const model::logged_event& logged) {
    const auto& body = logged.event.body;
    const row_place place{shard, *model::place_of(body)};
    kept_row& kept = tables_.rows.at(place);
    // What no event has named yet has no facts, whether its topic was read up to it or not.
    const bool first = kept.value() == nullptr || kept.value()->facts.place == model::place::ahead;
    const auto* intro = model::intro_of(body);
    const auto* id = model::id_of(body);
    instant commanded_at{0};
    const auto before = facts_before(kept, first ? intro : nullptr, commanded_at);
    const auto step = model::step(before, first && is_id_taken(id, kept), logged);
    if (!step.verdict.accepted()) {
        ++tables_.totals.void_events;
        return;
    }
    const counted was = tables_.count_of(place, kept.value());
    task_row& row = tables_.rows.change(kept);
    if (first && id != nullptr && row.id != *id) {
        row.id = *id;
        row.claim = id_claim::none;
    }
    if (first && intro != nullptr) {
        introduce(row, place, *intro);
        tables_.bind_id(*id, kept);
    }
    if (const auto* a = std::get_if<model::allocated>(&body)) {
        row.worker = tables_.names.number_of(name_kind::worker, a->worker.value()).number;
    }
    const auto limits_shown = row.facts.limits;
    const auto effects = apply_to_row(row, {before, step.after, logged.event, commanded_at});
    if (effects.failed) {
        note_failure(row, logged);
    }
    if (is_dropped(row)) {
        row.facts.limits = limits_shown;  // as if the record had come after the event
    }
    row.listed = is_dropped(row) ? model::task_state::pending : model::state_of(row.facts);
    if (const auto* c = std::get_if<model::complete>(&body); c != nullptr && !c->then.empty()) {
        tables_.put_following(shard, logged.offset, row.job);
    }
    count(kept, was, logged.event.at, effects);
}

/// After an attempt ended in a failure, and before the row is counted.
void fold::note_failure(task_row& row, const model::logged_event& logged) {
    failure f{row.id, logged.event.at, {}, row.last_error};
    if (!row.attempts.empty()) {
        f.worker = row.attempts.back().worker;
    }
    row.error_group = tables_.errors.add(row.known ? std::optional(row.job) : std::nullopt, f);
}

/// The facts of a row that is there, or that an event introduces, with the commands in force.
model::task_facts fold::facts_before(const kept_row& kept, const model::task_intro* intro,
                                     instant& commanded_at) {
    const auto& ledger = tables_.partition(kept.place().shard).ledger;
    const task_row* const row = kept.value();
    const bool seen = row != nullptr && row->facts.place != model::place::ahead;
    if (ledger.empty()) {
        return seen ? row->facts : model::task_facts{};
    }
    model::job_name job;
    if (intro != nullptr) {
        job = intro->job;
    } else if (seen && row->known) {
        job = model::job_name{tables_.names.name_of(name_kind::job, row->job)};
    }
    return ledger.effective(kept.place().record, job, seen ? row->facts : model::task_facts{},
                            &commanded_at);
}

void fold::count(kept_row& kept, const counted& before, std::optional<instant> at,
                 const event_effects& effects) {
    note(*kept.value());
    const counted after = tables_.count_of(kept.place(), kept.value());
    tables_.counters.apply({before, after, at, effects});
    tables_.rows.note(kept, at, effects);
    count_when(before, after, at, effects);
}

/// What windows of time count: submits and cancels when they were made, the rest when the event
/// says.
void fold::count_when(const counted& before, const counted& after, std::optional<instant> at,
                      const event_effects& effects) {
    const auto& queue = after.place->record.queue;
    const auto is_task = [](const counted& c) { return c.as == standing::task && c.known; };
    if (is_task(before) != is_task(after) || before.submitted_at != after.submitted_at) {
        if (is_task(before)) {
            --tables_.windows.at(queue, before.submitted_at)[window_count::submitted];
        }
        if (is_task(after)) {
            ++tables_.windows.at(queue, after.submitted_at)[window_count::submitted];
        }
    }
    const auto cancelled_at = [](const counted& c) {
        const bool is = c.as == standing::task && c.effective == model::task_state::cancelled;
        return is ? std::optional(c.ended_at) : std::nullopt;
    };
    if (const auto was = cancelled_at(before), is = cancelled_at(after); was != is) {
        // One that a command had cancelled may yet prove to be a duplicate.
        if (was) {
            --tables_.windows.at(queue, *was)[window_count::cancelled];
        }
        if (is) {
            ++tables_.windows.at(queue, *is)[window_count::cancelled];
        }
    }
    if (!at) {
        return;
    }
    window& now = tables_.windows.at(queue, *at);
    now[window_count::running] += effects.started ? 1 : 0;
    now[window_count::retries] += effects.retried ? 1 : 0;
    now[window_count::error] += effects.failed && effects.finished ? 1 : 0;
    now[window_count::complete] += effects.finished && !effects.failed ? 1 : 0;
    if (effects.waited) {
        ++now[window_count::allocated];
        now.wait.add(*effects.waited);
    }
    if (effects.ran) {
        now.run.add(*effects.ran);
    }
}

bool fold::is_id_taken(const model::task_id* id, const kept_row& kept) {
    const task_row* const row = kept.value();
    if (id == nullptr || (row != nullptr && row->claim != id_claim::none && row->id == *id)) {
        return false;
    }
    const auto shard = kept.place().shard;
    const auto entry = tables_.find_id(*id, shard);
    if (!entry || !tables_.is_bound(*entry, shard)) {
        return false;
    }
    return entry->gone > instant{0} ? !tables_.is_forgotten(*entry, shard)
                                    : !is_forgotten({shard, entry->record});
}

bool fold::is_forgotten(const row_place& bound) {
    const auto horizon = tables_.partition(bound.shard).facts.horizon;
    if (horizon <= instant{0}) {
        return false;
    }
    const task_row* row = tables_.rows.at(bound).value();
    if (row == nullptr) {
        return false;
    }
    instant commanded_at = row->ended_at;
    const auto facts = tables_.effective(bound, *row, &commanded_at);
    const bool settled =
        facts.place == model::place::complete || facts.place == model::place::cancelled;
    return settled && commanded_at < horizon;
}

void fold::reload() {
    tables_.reload();
    sweeps_.reload();
}

void fold::note(const task_row& row) {
    if (!collecting_) {
        return;
    }
    changes_.tasks.insert(row.id);
    if (row.known) {
        changes_.jobs.insert(row.job);
    }
}

fold_changes fold::take_changes() {
    return std::exchange(changes_, {});
}

}  // namespace kwq::tracker
