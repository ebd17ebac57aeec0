// tables: the tracker's state as its parts, over one key-value store: rows, ids, names, groups, and
// what each partition's prefix said (facts and commands in force). Fold and queries share it.
#pragma once

#include "model/lifecycle.hpp"
#include "store/kv.hpp"
#include "store/newest_keys.hpp"
#include "tracker/error_groups.hpp"
#include "tracker/groups.hpp"
#include "tracker/job_counters.hpp"
#include "tracker/name_table.hpp"
#include "tracker/row_cache.hpp"
#include "tracker/row_counters.hpp"
#include "tracker/rows.hpp"
#include "tracker/series.hpp"
#include "tracker/state_map.hpp"
#include "tracker/tag_counters.hpp"
#include "tracker/task_lists.hpp"
#include "tracker/top_lists.hpp"

#include <map>
#include <optional>
#include <utility>

namespace kwq::tracker {

/// Which record an id means within a shard. Until an accepted event binds it, the one with the
/// highest priority, then the lowest offset. Its row knows of it too (task_row::claim), so that its
/// events need no look here.
struct id_entry {
    model::record record;
    instant gone{0};     // the task ended then, and its row is there no more
    bool bound = false;  // gone: it was; else its row says
};

struct partition_state {
    model::partition_facts facts;
    model::control_ledger ledger;
    bool changed = false;
};

struct fold_totals {
    std::uint64_t events = 0, void_events = 0, undecodable_events = 0, task_records = 0;
    friend bool operator==(const fold_totals&, const fold_totals&) = default;
};

class tables {
public:
    /// Reads what a start needs: facts, commands, totals. Nothing that grows with tasks or jobs.
    /// `most_uncounted`: see tag_counters.
    explicit tables(store::kv& state, std::uint32_t most_uncounted = most_tasks_uncounted);
    void reload();  // after the state was cleared

    std::optional<id_entry> find_id(const model::task_id& id, model::shard_id shard) const;
    /// An accepted event said that the id means this record.
    void bind_id(const model::task_id& id, kept_row& kept);
    /// Has an accepted event said so of the record that the id means?
    bool is_bound(const id_entry& e, model::shard_id shard) const;
    /// The row of a task that ended at `ended_at` goes; its id stays bound until it is forgotten.
    void remove_row(const row_place& place, instant ended_at);
    /// A bound id of which the row has gone may mean another record now.
    bool is_forgotten(const id_entry& e, model::shard_id shard) const;
    /// Ids settled before it are forgotten in every shard.
    instant horizon_of_all() const;
    /// A record with this id was read: the id means it unless another has a better claim.
    void offer_id(const model::task_id& id, kept_row& kept);
    /// Where the task of this id is, in whatever shard.
    std::optional<row_place> place_of(const model::task_id& id) const;

    partition_state& partition(model::shard_id shard);
    void add_command(model::shard_id shard, const model::logged_event& logged);
    /// Nothing below the scheduler's cursor is waiting for the first time.
    void put_cursor(model::shard_id shard, const model::cursor& c);
    model::offset cursor(model::shard_id shard, const model::queue_name& queue,
                         model::priority p) const;
    std::vector<model::shard_id> shards() const;
    /// The completion at this status offset has follow-ups that are not known to be submitted: its
    /// job is not done before they are.
    void put_following(model::shard_id shard, model::offset at, name_number job);
    /// The job, if the completion was waiting.
    std::optional<name_number> erase_following(model::shard_id shard, model::offset at);
    bool is_following(name_number job) const;
    std::optional<model::offset> oldest_following(model::shard_id shard) const;

    /// The row's facts with the commands in force applied; `at`: when the last one was given.
    model::task_facts effective(const row_place& place, const task_row& row, instant* at = nullptr);
    /// What counters need of it; null: there is none. Stands on `place`.
    counted count_of(const row_place& place, const task_row* row);

    /// Brings the sorted lists of jobs and tags up to date, for a question.
    void write_groups();
    /// `now`: windows of time that are not kept any more by then are left out. As
    /// store::kv::begin_commit(): the state goes on while it is written.
    void commit(instant now = instant{0});

    store::kv& state;
    name_table names;
    group_store groups;
    job_counters jobs;
    error_groups errors;
    row_counters counters;
    task_lists lists;
    tag_counters tags;
    state_map cells;
    row_cache rows;
    series windows;
    top_lists tops;
    fold_totals totals;

private:
    void put_id(const model::task_id& id, model::shard_id shard, const id_entry& e);
    void claim_id(const model::task_id& id, kept_row& kept, const std::optional<id_entry>& known);
    void read_greatest_id();
    void read_partitions();
    void read_following();
    void read_commands(model::shard_id shard, partition_state& p);

    store::newest_keys newest_ids_{100'000};
    std::map<model::shard_id, partition_state> partitions_;
    std::map<std::pair<model::shard_id, model::offset>, name_number> following_;
};

/// For compaction, on any thread: this is an id whose task is gone, and that is forgotten, or what
/// a list has nothing in any more.
bool may_drop(std::string_view key, std::string_view value, instant horizon);

}  // namespace kwq::tracker
