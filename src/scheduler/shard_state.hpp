// shard_state: the fold of one partition of kwq-status, and of nothing else. `apply` is a plain
// function of (state, event): no I/O but the kv it lives in, no clock, no randomness. Deleted, it
// is rebuilt from the log.
//
// A task is in exactly one place. Ahead of the cursor it costs nothing: its offset is in its lane's
// `ahead` set (or in a range that came back, or is parked with its paused job) and there is no row.
// Once an event has named it there is a row, keyed by record:
//
//   place      row     other keys
//   leased     l:rec   leases_ in memory (what memory grows with)
//   scheduled  t:rec   d:due,rec
//   pending    t:rec   r:lane,range (returned)  or  p:job,lane,range (its job is paused)
//   dead       t:rec   x:job,since,rec
//   settled    t:rec   (small; forgotten after the horizon)
//   each id    i:id -> record, when settled
// A lane is what of one topic is served at one priority: the topic's own, or, for tasks that were
// moved, another; such a lane has no head, only ranges that came back.
//
//   a:lane ahead set   c:offset command   f:offset completion with follow-ups to append   h header
#pragma once

#include "model/event.hpp"
#include "model/lifecycle.hpp"
#include "scheduler/offset_set.hpp"
#include "scheduler/range_table.hpp"
#include "scheduler/task_row.hpp"
#include "store/kv.hpp"
#include "store/newest_keys.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kwq::scheduler {

using model::record;

/// One queue's priority within the shard: what is served at `level` of those submitted to `topic`.
struct lane_key {
    model::queue_name queue;
    model::priority level;
    model::priority topic;

    lane_key(model::queue_name q, model::priority p) : lane_key(std::move(q), p, p) {}
    lane_key(model::queue_name q, model::priority l, model::priority t)
        : queue(std::move(q)), level(l), topic(t) {}
    bool is_moved() const { return level != topic; }

    friend bool operator==(const lane_key&, const lane_key&) = default;
    friend auto operator<=>(const lane_key&, const lane_key&) = default;
};

/// The lane of the record's topic: it waited at its head.
inline lane_key lane_of(const record& r) {
    return {r.queue, r.priority};
}
/// The lane in which it comes back.
inline lane_key lane_of(const record& r, const model::task_facts& facts) {
    return {r.queue, model::priority_of(r, facts), r.priority};
}

/// A row in memory or one that was read. The first holds until the state changes.
class found_row {
public:
    found_row() = default;
    explicit found_row(const task_row& kept) : kept_(&kept) {}
    explicit found_row(task_row&& read) : read_(std::move(read)) {}

    explicit operator bool() const { return kept_ != nullptr || read_.has_value(); }
    const task_row& operator*() const { return kept_ != nullptr ? *kept_ : read_.value(); }
    const task_row* operator->() const { return &**this; }
    bool is_kept() const { return kept_ != nullptr; }
    /// Of one that was read.
    task_row take() { return std::move(read_.value()); }

private:
    const task_row* kept_ = nullptr;
    std::optional<task_row> read_;
};

/// What became of one event.
struct applied {
    model::verdict verdict;
    model::task_facts before;  // effective, for events with a place
    model::task_facts after;
};

struct state_counts {
    std::int64_t scheduled = 0;
    std::int64_t dead = 0;
    std::int64_t settled = 0;
};

class shard_state {
public:
    /// Loads header, lanes, commands and leases; nothing else is read. `state` must outlive it.
    explicit shard_state(store::kv& state);

    /// The next event of the partition; offsets only grow. `crc` of the record's bytes is kept so
    /// that a log that was changed under the state is noticed.
    applied apply(const model::logged_event& logged, std::uint32_t crc = 0);
    /// A record that could not be decoded still moves the applied offset.
    void skip(model::offset at, std::uint32_t crc);

    model::offset applied_offset() const { return applied_; }
    std::uint32_t applied_crc() const { return applied_crc_; }
    const model::partition_facts& partition() const { return partition_; }
    const model::control_ledger& ledger() const { return ledger_; }
    const state_counts& counts() const { return counts_; }

    /// The row as stored; none when no event has named the record (or it is forgotten). Holds until
    /// the state changes.
    found_row row(const record& place) const;
    /// Facts with every command applied; of a task with no row, `job` decides.
    model::task_facts effective(const record& place, const model::job_name& job) const;
    /// The record the id is bound to, unless forgotten.
    std::optional<record> bound(const model::task_id& id) const;

    const std::unordered_map<record, task_row>& leases() const { return leases_; }

    struct lane {
        offset_set ahead = offset_set::all();
        std::int64_t returned = 0;  // ranges in the returned table
        bool is_dirty = false;      // not as it was committed
    };
    const lane* find_lane(const lane_key& key) const;
    /// Makes the lane known: all of it is ahead.
    void open_lane(const lane_key& key);
    std::vector<lane_key> lanes() const;
    /// Those served at this priority, and those whose records are in this topic.
    std::vector<lane_key> lanes_at(const model::queue_name& queue, model::priority level) const;
    std::vector<lane_key> lanes_from(const model::queue_name& queue, model::priority topic) const;
    std::vector<offset_range> returned(const lane_key& key, offset from, std::size_t limit) const;
    bool is_returned(const record& place) const { return returned_lane(place).has_value(); }
    /// The lane in which it has come back, if it has.
    std::optional<lane_key> returned_lane(const record& place) const;

    /// Tasks whose time has come, oldest due first.
    std::vector<record> due(instant now, std::size_t limit) const;
    std::optional<instant> next_due() const;
    /// Parked ranges of a job, at most `limit`.
    struct parked_range {
        lane_key where;
        offset_range range;
    };
    std::vector<parked_range> parked_of(const model::job_name& job, std::size_t limit) const;
    /// Jobs with parked ranges, from `after` on, at most `limit`.
    std::vector<model::job_name> parked_jobs(const model::job_name& after, std::size_t limit) const;
    /// Dead letters of a job that its newest retry has made pending, at most `limit`.
    std::vector<record> retried_dead(const model::job_name& job, std::size_t limit) const;
    /// Completions whose follow-ups are not known to be appended: status offsets.
    const std::set<offset>& unfollowed() const { return unfollowed_; }

    /// Brings the stored row to its effective facts: a cancelled one is settled, a retried one
    /// returned. Changes nothing that anybody can observe; done when met.
    void settle_effective(const record& place);

    /// Writes header and lanes into the batch and commits it. Only when the log has made everything
    /// up to applied_offset() durable.
    void commit();

private:
    void load();
    void apply_partition(const model::logged_event& logged);
    void apply_control(offset at, instant when, const model::control& c);
    void return_retried(const model::job_name& job);
    void cancel_leases_of(const model::job_name& job);
    applied apply_task(const model::logged_event& logged);
    task_row take_row(const record& place, found_row stored);
    void leave(const record& place, std::optional<model::place> from, const task_row& row,
               model::place to);
    void enter(const record& place, std::optional<model::place> from, task_row row);
    void bind(const model::task_id& id, const record& place, instant settled_at);
    lane& touch(const lane_key& key);
    range_table returned_table(const lane_key& key) const;
    range_table parked_table(const model::job_name& job, const lane_key& key) const;
    bool has_id(const model::task_id& id, const record& place) const;
    bool has_left(const record& place, const model::job_name& job) const;
    void park_ranges(const model::parked_ranges& p);
    void return_ranges(const model::ready_ranges& y);
    void erase_waiting(const record& place, const model::job_name& job);

    store::kv& state_;
    store::newest_keys newest_ids_{10'000};
    offset applied_{-1};
    std::uint32_t applied_crc_ = 0;
    model::partition_facts partition_;
    model::control_ledger ledger_;
    state_counts counts_;
    std::map<lane_key, lane> lanes_;
    std::set<lane_key> moved_lanes_;  // those of moved tasks: few, or none
    std::unordered_map<record, task_row> leases_;
    std::set<offset> unfollowed_;
};

/// For the store's compaction: rows and ids settled before the horizon may go. Any thread.
bool may_forget(std::string_view key, std::string_view value, instant horizon);

}  // namespace kwq::scheduler
