// row_cache: the rows that changed since they were last written, as values. A task's record and its
// events mostly come close together: its row is then read, written and put on its lists once, not
// once for each of them.
#pragma once

#include "store/kv.hpp"
#include "tracker/discards.hpp"
#include "tracker/rows.hpp"
#include "tracker/state_map.hpp"
#include "tracker/tag_counters.hpp"
#include "tracker/task_lists.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kwq::tracker {

/// A row in memory: where it is, and what it is if there is one.
class kept_row {
public:
    explicit kept_row(row_place place) : place_(std::move(place)) {}
    const row_place& place() const { return place_; }
    const task_row* value() const { return row_ ? &*row_ : nullptr; }

private:
    friend class row_cache;

    const row_place place_;
    std::optional<task_row> row_;
    bool is_stored_ = false;   // the state has a row here
    bool is_changed_ = false;  // and it is not this one
    listing listed_;           // changed: as the lists in the state and the tags have it
    tag_effects effects_;      // that the tags do not count yet
};

class row_cache {
public:
    row_cache(store::kv& state, tag_counters& tags, state_map& cells, task_lists& lists)
        : state_(state), tags_(tags), cells_(cells), lists_(lists) {}

    /// By value and without keeping it: for questions.
    std::optional<task_row> look(const row_place& place) const;
    /// The same of many, in their order.
    std::vector<std::optional<task_row>> look(const std::vector<row_place>& places) const;
    /// The number of the place's topic partition.
    name_number lane_of(const row_place& place);
    /// Holds until forget_some() or forget_all().
    kept_row& at(const row_place& place);
    /// To be changed where it is; an empty one when there is none.
    task_row& change(kept_row& kept);
    /// An event did this to a row that is being changed, at that time.
    void note(kept_row& kept, std::optional<instant> at, const event_effects& effects);
    /// There is no row here any more.
    void remove(kept_row& kept);

    /// Brings the state, the tags and the state map up to what is kept here: before a commit, and
    /// before a look at rows, lists or tags.
    void write();
    /// After a commit, when many rows are kept.
    void forget_some();
    void forget_all();
    std::size_t changed_rows() const { return changed_.size(); }

private:
    using kept_rows = std::unordered_map<std::int64_t, kept_row>;  // by offset
    /// The rows of one topic partition.
    struct lane {
        model::offset end{0};      // the state has none from here on, as long as nothing is kept
        model::offset read_to{0};  // where the last look into the state ended
        name_number number = no_name;
        kept_rows rows;
    };
    using lane_key = std::tuple<model::shard_id, model::queue_name, model::priority>;

    const kept_row* kept_at(const row_place& place) const;  // null: not kept
    lane& lane_at(const row_place& place);
    void load(lane& in, kept_row& kept);
    void load_run(lane& in, const row_place& from);
    void count_tags(kept_row& kept);
    void write_lists(const row_place& place, const listing& before, const listing& after);

    store::kv& state_;
    tag_counters& tags_;
    state_map& cells_;
    task_lists& lists_;
    std::map<lane_key, lane> lanes_;
    lane* newest_lane_ = nullptr;  // rows come in runs
    row_place newest_place_;
    std::size_t kept_ = 0;
    std::vector<kept_row*> changed_;
    discards discards_;
};

}  // namespace kwq::tracker
