#include "tracker/commands.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace kwq::tracker {

namespace {

using model::control_action;
using model::task_state;

/// The states that a command takes tasks from, as model::control_ledger has it.
std::vector<task_state> taken_from(control_action a) {
    switch (a) {
        case control_action::cancel_job:
            return {task_state::scheduled, task_state::pending, task_state::allocated,
                    task_state::running};
        case control_action::empty_queue: return {task_state::scheduled, task_state::pending};
        case control_action::retry_job: return {task_state::error};
    }
    return {};
}

bool concerns(const model::control& c, const model::queue_name& queue, model::priority p) {
    if (c.action == control_action::retry_job) {
        return true;
    }
    return (!c.priority || *c.priority == p) &&
           (c.action != control_action::empty_queue || c.queue == queue);
}

model::offset end_in(const model::control& c, const model::queue_name& queue, model::priority p) {
    for (const auto& e : c.ends) {
        if (e.queue == queue && e.priority == p) {
            return e.end;
        }
    }
    return model::offset{0};
}

}  // namespace

std::vector<name_number> commands::apply(model::shard_id shard, const model::logged_event& logged) {
    const auto& c = std::get<model::control>(logged.event.body);
    auto jobs = jobs_of(c);
    spared left;
    if (c.action != control_action::retry_job) {
        left = spare(shard, c, jobs);
    }
    tables_.add_command(shard, logged);
    state_counts moved{};
    for (const auto job : jobs) {
        add_counts(moved, move(shard, logged, job, left));
    }
    const auto total = std::accumulate(moved.begin(), moved.end(), std::int64_t{0});
    if (c.action == control_action::empty_queue) {
        if (total > 0) {
            sweeps_.start(keys::rows_of_queue(shard, c.queue), total);
        }
        return jobs;
    }
    for (const auto s : taken_from(c.action)) {
        if (const auto n = moved.at(static_cast<std::size_t>(s)); n > 0) {
            sweeps_.start(keys::list_of_job(jobs.front(), s), n);
        }
    }
    return jobs;
}

std::vector<name_number> commands::jobs_of(const model::control& c) {
    std::vector<name_number> jobs;
    if (c.action == control_action::empty_queue) {
        tables_.state.scan(keys::jobs_on_queue(c.queue), {},
                           [&](std::string_view key, std::string_view) {
                               jobs.push_back(keys::job_in_job_on_queue(key));
                               return true;
                           });
    } else if (const auto job = tables_.names.find(name_kind::job, c.job.value())) {
        jobs.push_back(*job);
    }
    return jobs;
}

std::vector<commands::topic> commands::topics_of(model::shard_id shard, const model::control& c,
                                                 const std::vector<name_number>& jobs) {
    std::set<topic> topics;
    for (const auto job : jobs) {
        for (const auto& cell : cells_of(job)) {
            const auto place = tables_.lists.place_of(cell.lane);
            if (place.shard == shard && concerns(c, place.record.queue, cell.level)) {
                topics.emplace(place.record.queue, place.record.priority);
            }
        }
    }
    return {topics.begin(), topics.end()};
}

std::vector<job_cell> commands::cells_of(name_number job) {
    auto g = tables_.jobs.of_job(job);
    return g ? std::move(g->cells) : std::vector<job_cell>{};
}

commands::spared commands::spare(model::shard_id shard, const model::control& c,
                                 const std::vector<name_number>& jobs) {
    spared out;
    tables_.rows.write();
    const bool of_job = c.action == control_action::cancel_job;
    for (const auto& [queue, priority] : topics_of(shard, c, jobs)) {
        const auto end = end_in(c, queue, priority);
        const auto from = keys::row(row_place{shard, {queue, priority, end}});
        tables_.state.scan(keys::rows_of_topic(shard, queue, priority), from,
                           [&](std::string_view key, std::string_view value) {
                               const auto row = read_row(value);
                               if (!row.known || (of_job && row.job != jobs.front())) {
                                   return true;
                               }
                               const auto n = tables_.count_of(keys::place_in_row(key), &row);
                               if (n.as == standing::task) {
                                   auto& counts = out[{row.job, topic{queue, priority}, n.level}];
                                   ++counts.at(static_cast<std::size_t>(n.effective));
                               }
                               return true;
                           });
    }
    return out;
}

state_counts commands::move(model::shard_id shard, const model::logged_event& logged,
                            name_number job, const spared& left) {
    const auto& c = std::get<model::control>(logged.event.body);
    const auto to =
        c.action == control_action::retry_job ? task_state::pending : task_state::cancelled;
    state_counts all{};
    std::int64_t total = 0;
    for (const auto& cell : cells_of(job)) {
        const auto [where, record] = tables_.lists.place_of(cell.lane);
        const auto& queue = record.queue;
        if (where != shard || !concerns(c, queue, cell.level)) {
            continue;
        }
        const auto kept = left.find({job, topic{queue, record.priority}, cell.level});
        state_counts moved{};
        std::int64_t moved_here = 0;
        for (const auto s : taken_from(c.action)) {
            const auto i = static_cast<std::size_t>(s);
            moved.at(i) = cell.counts.at(i) - (kept == left.end() ? 0 : kept->second.at(i));
            moved_here += moved.at(i);
        }
        if (moved_here == 0) {
            continue;
        }
        tables_.counters.move_cell(job, cell, queue, moved, to);
        tables_.groups.change(keys::queue(queue, cell.level)).changed_at(logged.event.at);
        if (to == task_state::cancelled) {
            tables_.windows.at(queue, logged.event.at)[window_count::cancelled] += moved_here;
        }
        add_counts(all, moved);
        total += moved_here;
    }
    if (total > 0) {
        tables_.jobs.change(job).changed_at(logged.event.at);
        tables_.groups.change(keys::overall()).changed_at(logged.event.at);
    }
    return all;
}

}  // namespace kwq::tracker
