// fold: the tracker's state as a function of what was read. In: task records of the task topics and
// events of kwq-status, each partition in its own order, in any order among each other. Out: rows,
// counters, lists. No clock, no thread, no log. Which events count is model/lifecycle's to say.
#pragma once

#include "model/event.hpp"
#include "model/task.hpp"
#include "tracker/commands.hpp"
#include "tracker/sweeps.hpp"
#include "tracker/tables.hpp"

#include <string>
#include <unordered_set>
#include <vector>

namespace kwq::tracker {

/// What may have another answer since it was last asked: for those who wait.
struct fold_changes {
    std::unordered_set<model::task_id> tasks;
    std::unordered_set<name_number> jobs;
    bool all_tasks = false;  // after a command
};

class fold {
public:
    explicit fold(tables& t) : tables_(t), sweeps_(t), commands_(t, sweeps_) {}

    /// A readable record of a task topic of this shard. Unreadable ones are no rows: the owner
    /// writes `rejected` for them.
    void add_task(model::shard_id shard, const model::stored_task& task);
    void count_unreadable_task() { ++tables_.totals.task_records; }
    void add_event(model::shard_id shard, const model::logged_event& logged);
    void count_unreadable_event();

    sweeps& open_sweeps() { return sweeps_; }
    const sweeps& open_sweeps() const { return sweeps_; }
    void reload();

    /// Changes are collected only while someone waits.
    void collect_changes(bool wanted) { collecting_ = wanted; }
    fold_changes take_changes();

private:
    void add_task_event(model::shard_id shard, const model::logged_event& logged);
    bool is_id_taken(const model::task_id* id, const kept_row& kept);
    bool is_forgotten(const row_place& bound);
    void introduce(task_row& row, const row_place& place, const model::task_intro& intro);
    void note_failure(task_row& row, const model::logged_event& logged);
    model::task_facts facts_before(const kept_row& kept, const model::task_intro* intro,
                                   instant& commanded_at);
    void count(kept_row& kept, const counted& before, std::optional<instant> at,
               const event_effects& effects);
    void count_when(const counted& before, const counted& after, std::optional<instant> at,
                    const event_effects& effects);
    void note(const task_row& row);

    tables& tables_;
    sweeps sweeps_;
    commands commands_;
    bool collecting_ = false;
    fold_changes changes_;
};

}  // namespace kwq::tracker
