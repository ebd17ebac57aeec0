#include "tracker/row_counters.hpp"

#include <algorithm>

namespace kwq::tracker {

namespace {

std::size_t index_of(model::task_state s) {
    return static_cast<std::size_t>(s);
}

}  // namespace

template <class Visitor>
void row_counters::visit(const counted& row, const Visitor& each) {
    if (row.as == standing::absent) {
        return;
    }
    each(groups_.change(keys::overall()));
    const auto& r = row.place->record;
    if (row.level != r.priority) {
        groups_.change(keys::queue(r.queue, r.priority));  // there, whatever was read first
    }
    each(groups_.change(keys::queue(r.queue, row.level)));
    if (row.known) {
        each(jobs_.change(row.job));
    }
}

void row_counters::apply(const row_change& change) {
    if (!change.before.same_groups(change.after)) {
        visit(change.before, [&](group& g) { add(g, change.before, -1); });
    }
    add_to_cell(change.before, -1);
    add_to_cell(change.after, 1);
    visit(change.after, [&](group& g) {
        if (change.before.same_groups(change.after)) {
            add(g, change.before, -1);
        } else if (change.after.known) {
            g.submitted_at(change.after.submitted_at);
        }
        add(g, change.after, 1);
        if (change.at) {
            g.changed_at(*change.at);
        }
        if (change.effects.waited) {
            g.wait.add(*change.effects.waited);
        }
        if (change.effects.ran) {
            g.run.add(*change.effects.ran);
        }
        g.retries += change.effects.retried ? 1 : 0;
        if (change.effects.finished && change.at) {
            g.finished.add(*change.at);
        }
    });
    if (change.before.error != change.after.error || !change.before.same_groups(change.after)) {
        move_error(change.before, -1);
        move_error(change.after, 1);
    }
}

void row_counters::move_error(const counted& row, std::int64_t by) {
    if (row.error.value() != 0) {
        errors_.move_tasks(row.known ? std::optional(row.job) : std::nullopt, row.error, by);
    }
}

void row_counters::add(group& g, const counted& row, std::int64_t by) {
    switch (row.as) {
        case standing::absent: return;
        case standing::duplicate: g.duplicates += by; return;
        case standing::rejected: g.rejected += by; return;
        case standing::task: break;
    }
    g.counts.at(index_of(row.effective)) += by;
    g.submitted += by;
}

void row_counters::add_to_cell(const counted& row, std::int64_t by) {
    if (row.as == standing::task && row.known) {
        const auto& queue = row.place->record.queue;
        jobs_.cell(row.job, row.lane, row.level, queue).counts.at(index_of(row.effective)) += by;
    }
}

void row_counters::move_cell(name_number job, const job_cell& cell, const model::queue_name& queue,
                             const state_counts& moved, model::task_state to) {
    const auto move = [&](state_counts& counts) {
        for (std::size_t s = 0; s < moved.size(); ++s) {
            counts.at(s) -= moved.at(s);
            counts.at(index_of(to)) += moved.at(s);
        }
    };
    move(jobs_.cell(job, cell.lane, cell.level, queue).counts);
    move(jobs_.change(job).counts);
    move(groups_.change(keys::queue(queue, cell.level)).counts);
    move(groups_.change(keys::overall()).counts);
}

}  // namespace kwq::tracker
