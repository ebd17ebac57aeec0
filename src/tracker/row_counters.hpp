// row_counters: brings a row's job, its queue and priority, and the total from what the row was to
// what it is, with each event. They count effective states, right as soon as a command is folded.
// Tags are counted by tag_counters.
#pragma once

#include "tracker/error_groups.hpp"
#include "tracker/groups.hpp"
#include "tracker/job_counters.hpp"
#include "tracker/rows.hpp"

#include <optional>

namespace kwq::tracker {

/// What counters need of a row at one moment.
struct counted {
    const row_place* place = nullptr;
    name_number lane = no_name;  // the place's, if its job is known
    standing as = standing::absent;
    bool known = false;
    name_number job = 0;
    model::priority level{0};  // that it is served at
    instant submitted_at{0};
    instant ended_at{0};  // by its event, or by a command for many
    model::task_state effective = model::task_state::pending;
    model::task_state listed = model::task_state::pending;
    error_fingerprint error;  // listed in state error

    bool same_groups(const counted& o) const {
        return known == o.known && *place == *o.place && level == o.level && job == o.job;
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
    row_counters(group_store& groups, job_counters& jobs, error_groups& errors)
        : groups_(groups), jobs_(jobs), errors_(errors) {}

    void apply(const row_change& change);

    /// A command moved `moved[s]` tasks of this cell, on that queue, from each state s to `to`.
    void move_cell(name_number job, const job_cell& cell, const model::queue_name& queue,
                   const state_counts& moved, model::task_state to);

private:
    template <class Visitor>
    void visit(const counted& row, const Visitor& each);
    void add(group& g, const counted& row, std::int64_t by);
    void add_to_cell(const counted& row, std::int64_t by);
    void move_error(const counted& row, std::int64_t by);

    group_store& groups_;
    job_counters& jobs_;
    error_groups& errors_;
};

}  // namespace kwq::tracker
