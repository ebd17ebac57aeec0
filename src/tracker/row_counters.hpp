// row_counters: brings every group a row belongs to from what the row was to what it is. Each row
// is counted once in its job, each of its tags, its queue and priority, and overall.
//
// Jobs, queues and the total count effective states, right as soon as a command is folded. Tags
// (and tags within jobs) count `listed` states, which a sweep brings up to date.
#pragma once

#include "tracker/error_groups.hpp"
#include "tracker/groups.hpp"
#include "tracker/rows.hpp"

#include <vector>

namespace kwq::tracker {

inline constexpr std::uint32_t max_tags_of_job = 1'000;
/// Stands for the tags of a job beyond max_tags_of_job.
inline constexpr name_number other_tags = 0xffffffff;

enum class standing : std::uint8_t { absent, task, duplicate, rejected };

/// What counters need of a row at one moment.
struct counted {
    const row_place* place = nullptr;
    standing as = standing::absent;
    bool known = false;
    name_number job = 0;
    std::vector<name_number> tags;
    model::priority level{0};  // that it is served at
    instant submitted_at{0};
    instant ended_at{0};  // by its event, or by a command for many
    model::task_state effective = model::task_state::pending;
    model::task_state listed = model::task_state::pending;
    error_fingerprint error;  // listed in state error

    bool same_groups(const counted& o) const {
        return known == o.known && *place == *o.place && level == o.level && job == o.job &&
               tags == o.tags;
    }
};

struct row_change {
    const counted& before;
    const counted& after;
    std::optional<instant> at;  // of the event, if an event did it
    event_effects effects;
};

class row_counters {
public:
    row_counters(store::kv& state, group_store& groups, error_groups& errors)
        : state_(state), groups_(groups), errors_(errors) {}

    void apply(const row_change& change);

    /// A command moved `moved[s]` tasks of this cell from each state s to `to`.
    void move_cell(name_number job, job_cell& cell, const state_counts& moved,
                   model::task_state to);

private:
    enum class kind : std::uint8_t { total, queue, job, tag, job_tag };
    template <class Visitor>
    void visit(const counted& row, const Visitor& each);
    void add(kind k, group& g, const counted& row, std::int64_t by);
    void move_error(const counted& row, std::int64_t by);
    job_cell& cell_of(group& job, const counted& row);
    group& job_tag_group(name_number job, name_number tag);

    store::kv& state_;
    group_store& groups_;
    error_groups& errors_;
};

}  // namespace kwq::tracker
