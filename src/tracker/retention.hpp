// retention: tasks that ended long ago leave: their rows, their places on lists and in the state
// map, and, once their ids are forgotten, the id index. Counters of jobs, tags and queues stay.
// Dead letters stay until they are retried or cancelled.
//
// A walk over the rows, round and round, a bounded number at a time and never more than a tenth of
// the thread's time; where it is goes into the state, so a restart goes on there. A round that is
// complete knows when the next task may leave: there is none before that.
#pragma once

#include "tracker/tables.hpp"
#include "tracker/tracker.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace kwq::tracker {

class retention {
public:
    retention(tables& t, retention_times keep);
    void reload();

    /// Has the rows that advance() looks at next brought from the disk; false: they are not there
    /// yet.
    bool is_prepared(std::size_t rows);
    /// Looks at no more than `rows` rows; to be called when no row is changed and not written.
    /// Returns how many were removed.
    std::size_t advance(instant now, std::size_t rows);
    /// A round is under way, or one that begins now may find something.
    bool is_due(instant now) const { return !at_start() || now > due_; }
    instant due() const { return due_; }
    /// An event of that time was folded, and a task may have ended by it.
    void note_event(instant at);
    /// The walk has come to its end and begins again with the next call.
    bool at_start() const { return next_.empty(); }
    /// No task that was let go ended later.
    instant latest_end() const { return latest_end_; }
    /// How long a round may take at least; nothing when all is kept for ever.
    std::optional<milliseconds> round() const;

private:
    /// When a row ended, and from when on it is not kept; nothing: it has not, or stays.
    struct ending {
        instant ended_at;
        instant leaves_at;
    };
    std::optional<ending> ending_of(const row_place& place, const task_row& row);
    milliseconds keep_of(const task_row& row);
    std::string times() const;
    void begin_round(instant now);
    void end_round();
    void put_due();

    tables& tables_;
    const retention_times keep_;
    const milliseconds shortest_;  // that anything is kept; 0: all is kept for ever
    std::string next_;             // key of a row
    bool is_warmed_ = false;
    instant latest_end_{0};
    instant due_{0};                   // no row leaves before it
    std::optional<instant> next_due_;  // as far as this round has seen; nothing: not from its start
};

}  // namespace kwq::tracker
