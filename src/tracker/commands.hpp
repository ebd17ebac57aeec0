// commands: what a `control` event does to the counters, at once. A command names no task. Each
// job's counters are split by topic partition, so the tasks that a command moves are known by
// number; only the rows beyond the end it was given for are looked at, and those are few.
#pragma once

#include "tracker/sweeps.hpp"
#include "tracker/tables.hpp"

#include <map>
#include <tuple>
#include <vector>

namespace kwq::tracker {

class commands {
public:
    commands(tables& t, sweeps& s) : tables_(t), sweeps_(s) {}

    /// An accepted `control` event of this shard takes effect. Returns the jobs it changed.
    std::vector<name_number> apply(model::shard_id shard, const model::logged_event& logged);

private:
    using topic = std::pair<model::queue_name, model::priority>;
    /// Tasks that a command leaves alone because they came after it, by job, topic, and the
    /// priority they are served at.
    using spared = std::map<std::tuple<name_number, topic, model::priority>, state_counts>;

    std::vector<name_number> jobs_of(const model::control& c);
    spared spare(model::shard_id shard, const model::control& c,
                 const std::vector<name_number>& jobs);
    std::vector<topic> topics_of(model::shard_id shard, const model::control& c,
                                 const std::vector<name_number>& jobs);
    std::vector<job_cell> cells_of(name_number job);
    state_counts move(model::shard_id shard, const model::logged_event& logged, name_number job,
                      const spared& left);

    tables& tables_;
    sweeps& sweeps_;
};

}  // namespace kwq::tracker
