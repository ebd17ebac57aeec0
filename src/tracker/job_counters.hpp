// job_counters: what is counted of jobs. There may be very many, and most tasks come to another one
// than the task before: what changed is gathered here and grows in the state without what is there
// being read (store/tally.hpp). Of a job that was counted lately some 40 bytes stay in memory.
#pragma once

#include "store/kv.hpp"
#include "tracker/group_totals.hpp"
#include "tracker/groups.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace kwq::tracker {

class job_counters {
public:
    explicit job_counters(store::kv& state) : state_(state), totals_(state, name_kind::job) {}

    /// The job was never seen before.
    void introduce(name_number job) { totals_.introduce(job); }
    /// What is added to the job's counters: changes, from nothing. Holds until another job's.
    group& change(name_number job);
    /// Of the changes to the job: those to its tasks in this place, which is on this queue.
    job_cell& cell(name_number job, name_number lane, model::priority level,
                   const model::queue_name& queue);
    /// The next place in its state map.
    std::uint32_t take_ordinal(name_number job);
    std::uint32_t ordinals(name_number job) { return totals_.of(job).ordinals; }
    bool has_tag_counters(name_number job) { return totals_.of(job).tags_counted; }
    void give_tag_counters(name_number job);

    /// What is counted of it now; nothing: no task of it was seen.
    std::optional<group> of_job(name_number job);
    std::vector<std::optional<group>> of_jobs(const std::vector<name_number>& jobs);  // in order

    /// Into the state's batch.
    void write();
    group_totals& totals() { return totals_; }
    void forget_all();

private:
    /// From 1; 0: there are too many to tell them apart.
    std::uint16_t queue_number(const model::queue_name& queue);

    store::kv& state_;
    group_totals totals_;
    std::unordered_map<name_number, group> changes_;
    name_number newest_job_ = no_name;
    group* newest_ = nullptr;  // its changes: tasks come in runs
    std::map<model::queue_name, std::uint16_t> queues_;
};

}  // namespace kwq::tracker
