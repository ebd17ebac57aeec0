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
    each(kind::total, groups_.change(keys::overall()));
    const auto& r = row.place->record;
    if (row.level != r.priority) {
        groups_.change(keys::queue(r.queue, r.priority));  // there, whatever was read first
    }
    each(kind::queue, groups_.change(keys::queue(r.queue, row.level)));
    if (row.known) {
        each(kind::job, groups_.change(keys::job(row.job)));
    }
}

void row_counters::apply(const row_change& change) {
    if (!change.before.same_groups(change.after)) {
        visit(change.before, [&](kind k, group& g) { add(k, g, change.before, -1); });
    }
    visit(change.after, [&](kind k, group& g) {
        if (change.before.same_groups(change.after)) {
            add(k, g, change.before, -1);
        } else if (change.after.known) {
            g.submitted_at(change.after.submitted_at);
        }
        add(k, g, change.after, 1);
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

void row_counters::add(kind k, group& g, const counted& row, std::int64_t by) {
    switch (row.as) {
        case standing::absent: return;
        case standing::duplicate: g.duplicates += by; return;
        case standing::rejected: g.rejected += by; return;
        case standing::task: break;
    }
    const auto state = index_of(row.effective);
    g.counts.at(state) += by;
    g.submitted += by;
    if (k == kind::job) {
        cell_of(g, row).counts.at(state) += by;
    }
}

job_cell& row_counters::cell_of(group& job, const counted& row) {
    const auto& r = row.place->record;
    const auto found = std::find_if(job.cells.begin(), job.cells.end(), [&](const job_cell& c) {
        return c.shard == row.place->shard && c.priority == r.priority && c.level == row.level &&
               c.queue == r.queue;
    });
    if (found != job.cells.end()) {
        return *found;
    }
    state_.put(keys::job_on_queue(r.queue, row.job), {});
    return job.cells.emplace_back(job_cell{row.place->shard, r.queue, r.priority, row.level, {}});
}

void row_counters::move_cell(name_number job, job_cell& cell, const state_counts& moved,
                             model::task_state to) {
    const auto move = [&](state_counts& counts) {
        for (std::size_t s = 0; s < moved.size(); ++s) {
            counts.at(s) -= moved.at(s);
            counts.at(index_of(to)) += moved.at(s);
        }
    };
    move(cell.counts);
    move(groups_.change(keys::job(job)).counts);
    move(groups_.change(keys::queue(cell.queue, cell.level)).counts);
    move(groups_.change(keys::overall()).counts);
}

}  // namespace kwq::tracker
