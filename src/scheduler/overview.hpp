// overview: what the scheduler tells of itself when asked: leases, workers, queues, shards, counts.
#pragma once

#include "base/clock.hpp"
#include "base/recent_rate.hpp"
#include "model/event.hpp"
#include "model/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kwq::scheduler {

struct lease_info {
    model::lease_token lease;
    model::task_id id;
    model::record place;
    model::job_name job;
    model::worker_name worker;
    std::uint32_t attempt = 1;
    bool running = false;
    instant allocated_at;
    instant deadline;
    model::priority moved_to{0};  // served at that priority, not at its record's

    model::priority priority() const {
        return moved_to == model::priority{0} ? place.priority : moved_to;
    }
};

struct worker_info {
    model::worker_name worker;
    std::vector<model::queue_name> queues;  // of its last poll
    std::uint32_t leases = 0;
    std::uint64_t taken = 0;  // since this process started
    std::uint64_t completed = 0;
    std::uint64_t failed = 0;  // errors, expired leases
    recent_rate finished;      // complete and error, lately
    instant first_seen;
    instant last_seen;
    bool waiting = false;  // a poll of it waits right now
};

struct dispatch_info {
    model::dispatch_state state = model::dispatch_state::running;
    std::optional<instant> until;
    std::string reason;
    std::uint32_t leases = 0;  // still out: 0 and `draining` means drained
};

struct queue_info {
    model::queue_name queue;
    std::int32_t priorities = 0;
    bool paused = false;
    std::optional<instant> paused_until;
    std::vector<model::priority> paused_priorities;
    std::uint32_t leases = 0;
    std::uint32_t waiting_workers = 0;
};

/// Counters since start, and gauges, read on the shard's thread.
struct scheduler_stats {
    std::uint64_t allocated = 0, completed = 0, errors = 0, released = 0, expired = 0,
                  timed_out = 0, retries = 0, dead = 0, cancelled = 0, duplicates = 0, rejected = 0,
                  void_events = 0, heartbeats = 0, polls = 0, polls_empty = 0;
    std::uint64_t leases = 0, waiting_polls = 0, scheduled = 0, ready_buffer_bytes = 0,
                  ready_buffer_tasks = 0, unapplied = 0;
    model::offset applied{-1};
    model::offset epoch{-1};
    std::uint64_t undecodable_events = 0;
    std::uint64_t claims = 0, owned = 0;  // claims sent; shards that it decides about
};

/// How many tasks could be handed out, most urgent first.
using ready_levels =
    std::map<model::queue_name, std::map<model::priority, std::size_t, std::greater<>>>;

/// How many tasks of one lane of a shard wait to be handed out, and where its topic ends.
struct lane_depth {
    model::shard_id shard{0};
    model::queue_name queue;
    model::priority priority{1};
    model::offset end{0};
    std::int64_t waiting = 0;
};

/// One shard as this instance sees it.
struct shard_info {
    model::shard_id shard{0};
    bool mine = false;          // the newest claim is this process's, read back or not
    bool owned = false;         // by this instance: it decides
    std::string owner;          // who the newest claim names; empty: nobody yet
    std::string url;            // where the owner answers others; empty: nowhere
    model::offset epoch{-1};    // the claim
    model::offset applied{-1};  // newest event folded here
    model::offset end{0};       // of its events
};

}  // namespace kwq::scheduler
