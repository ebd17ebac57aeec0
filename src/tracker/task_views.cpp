// task_views: a row as people see it: with the commands in force applied.
#include "tracker/queries.hpp"

#include <algorithm>

namespace kwq::tracker {

namespace {

/// Why a task that a command cancelled was: the command at this status offset.
std::string command_reason(const partition_state& p, const model::job_name& job, model::offset at) {
    if (const auto* of_job = p.ledger.of_job(job)) {
        for (const auto& e : *of_job) {
            if (e.at_offset == at && e.what.action == model::control_action::cancel_job) {
                return "job_cancelled";
            }
        }
    }
    return "queue_emptied";
}

std::string own_reason(const task_row& row) {
    switch (row.facts.place) {
        case model::place::duplicate: return "duplicate";
        case model::place::rejected: return "rejected";
        case model::place::cancelled:
            return row.cancelled_for == model::cancel_reason::expired ? "expired" : "requested";
        default: return {};
    }
}

/// What the newest attempt adds; a command may have ended it.
void show_last_attempt(task_view& v, const attempt_view& last) {
    v.allocated_at = last.allocated_at;
    v.running_at = last.running_at;
    v.worker = last.worker;
}

}  // namespace

task_view queries::view(const row_place& place, const task_row& row, bool with_attempts) {
    instant commanded_at = row.ended_at;
    const auto facts = tables_.effective(place, row, &commanded_at);
    task_view v;
    v.id = row.id;
    v.shard = place.shard;
    v.place = place.record;
    v.moved_to = facts.priority;
    v.state = model::state_of(facts);
    if (row.known) {
        v.job = model::job_name{tables_.names.name_of(name_kind::job, row.job)};
    }
    for (const auto tag : row.tags) {
        v.tags.emplace_back(tables_.names.name_of(name_kind::tag, tag));
    }
    v.submitted_at = row.submitted_at;
    v.attempt = facts.attempt;
    v.spent = facts.spent;
    v.limits = facts.limits;
    v.progress_json = row.progress_json;
    v.last_error = row.last_error;
    v.result_json = row.result_json;
    v.attempts = row.attempts;
    if (v.state == model::task_state::cancelled) {
        const bool by_command = facts.place != row.facts.place;
        v.cancel_reason = by_command
                              ? command_reason(tables_.partition(place.shard), v.job, facts.since)
                              : own_reason(row);
        if (by_command && !v.attempts.empty() && v.attempts.back().ended == model::outcome::none) {
            v.attempts.back().ended = model::outcome::cancelled;
            v.attempts.back().ended_at = commanded_at;
        }
    }
    if (model::is_terminal(v.state) && !is_dropped(row)) {
        v.ended_at = commanded_at;
    }
    if (v.state == model::task_state::scheduled) {
        v.scheduled_for = facts.due;
    }
    if (!v.attempts.empty()) {
        show_last_attempt(v, v.attempts.back());
    }
    if (v.state == model::task_state::error) {
        v.error_group = row.error_group;
    }
    if (!with_attempts) {
        v.attempts.clear();
        v.last_error = shortened(v.last_error, max_listed_error_bytes);
    }
    return v;
}

result<task_view> queries::task(const model::task_id& id) {
    const auto place = tables_.place_of(id);
    const auto row = place ? tables_.rows.look(*place) : std::nullopt;
    if (!row) {
        return model::error{model::errc::task_unknown, "no task has this id", "id"};
    }
    auto v = view(*place, *row, true);
    if (v.state == model::task_state::pending) {
        show_ahead(v, *place);
    }
    return v;
}

bool queries::is_over(const model::task_id& id) {
    const auto place = tables_.place_of(id);
    const auto row = place ? tables_.rows.look(*place) : std::nullopt;
    return !row || model::is_terminal(view(*place, *row, false).state);
}

/// From counters: those of higher priorities, and of its own no more than lie between it and the
/// scheduler's cursor. Turns between jobs are not looked at.
void queries::show_ahead(task_view& v, const row_place& place) {
    const auto& at = place.record;
    tables_.state.scan(keys::queues(at.queue), {}, [&](std::string_view key, std::string_view) {
        const auto p = keys::queue_in(key).priority;
        const group* g = p < v.priority() ? nullptr : tables_.groups.find(std::string(key));
        if (g == nullptr) {
            return true;
        }
        auto n = g->counts.at(static_cast<std::size_t>(model::task_state::pending));
        if (p == v.priority() && p != at.priority) {
            n = 0;  // moved: it goes before those that were there
        } else if (p == v.priority()) {
            const auto cursor = tables_.cursor(place.shard, at.queue, p);
            const auto between = std::max<std::int64_t>(at.offset.value() - cursor.value(), 0);
            n = std::min(std::max<std::int64_t>(n - 1, 0), between);
        } else if (n > 0) {
            v.behind = p;
        }
        v.ahead += n;
        return true;
    });
}

}  // namespace kwq::tracker
