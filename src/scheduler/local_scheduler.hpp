// local_scheduler: the scheduler of this process's own shards, with what only its surroundings
// need: which shards to own, what others have ready, and reports for shards that nobody owns.
#pragma once

#include "scheduler/scheduler.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kwq::scheduler {

class local_scheduler : public scheduler {
public:
    /// Where others reach this instance; stands in its claims from now on. Shards whose newest
    /// claim has it are claimed at once: they were this instance's when it ended.
    virtual void advertise(std::string url) = 0;
    /// Claims these once, because their owner does not answer.
    virtual void take_over(const std::vector<model::shard_id>& shards) = 0;
    /// Claims these, and again should another claim them while they are this instance's to own.
    virtual void own(const std::vector<model::shard_id>& shards) = 0;
    /// They are another's to claim. Decides on until it reads that claim: what it decides later is
    /// void, and nobody waits for the change.
    virtual void disown(const std::vector<model::shard_id>& shards) = 0;

    /// The log had this end when it was asked then: heartbeats are answered only while such an end,
    /// asked for within the last second, has been read here.
    virtual void confirm_end(model::shard_id shard, model::offset end, mono_time asked_at) = 0;

    /// As this instance sees it; nothing when there is none of that number. Any thread, at once.
    virtual std::optional<shard_info> shard(model::shard_id shard) const = 0;
    /// Of the shards that this instance decides about.
    virtual void depths(callback<std::vector<lane_depth>> done) = 0;
    /// What others could hand out, by their urls. Polls that were not passed on already are told of
    /// their more urgent work.
    virtual void set_others(std::map<std::string, ready_levels> ready) = 0;

    /// What the shards have still to read: the log may be trimmed up to there as far as they are
    /// concerned, and as long as nothing of a task that has not ended is.
    virtual void log_needs(callback<std::vector<eventlog::log_need>> done) = 0;

    /// Appends what a worker reports of a lease whose owner cannot be asked: it counts if the lease
    /// is live when the log has it. `accepted`, or what the report repeats.
    virtual void append_report(lease_report r, callback<result<settle_status>> done) = 0;
};

std::unique_ptr<local_scheduler> make_local_scheduler(const scheduler_config& config,
                                                      const scheduler_dependencies& deps);

}  // namespace kwq::scheduler
