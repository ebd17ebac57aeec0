// log_trimmer: takes from the log what neither fold nor dead letter needs any more, so that its
// size follows what is kept and not what ever was. Nothing is scanned: of a task topic all below
// the tracker's first row may go, since every task that is not long over has one; of kwq-status
// what is below a watermark that has come free; of kwq-rejected what is old. Task topics go first,
// for an event may only go when the records it names are gone. kwq-control is small and stays.
//
// The tracker's thread's, and only called when all that was folded is committed: a crash then finds
// a state that is ahead of what was trimmed.
#pragma once

#include "eventlog/event_log.hpp"
#include "eventlog/topics.hpp"
#include "tracker/sources.hpp"
#include "tracker/tables.hpp"
#include "tracker/tracker.hpp"
#include "tracker/watermarks.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace kwq::tracker {

class log_trimmer {
public:
    log_trimmer(eventlog::event_log& log, const eventlog::topic_names& topics, tables& t,
                milliseconds rejected_kept);
    void reload();

    /// A horizon event with `control_next`, which counted, was read.
    void note_horizon(model::shard_id shard, model::offset at, const sources& from);
    /// A round begins. `needs`: from where the scheduler still reads; of a partition that is not
    /// among them nothing goes.
    void begin(const std::vector<eventlog::log_need>& needs);
    bool is_at_work() const { return step_.has_value(); }
    /// One partition of the round. `latest_end`: no task that was let go ended later. True when it
    /// changed the state, which is to be committed then.
    bool step(const sources& from, instant now, instant latest_end);

    /// How far it came; any change shows after the round.
    const log_view& view() const { return view_; }

private:
    void trim(const eventlog::topic_partition& where, model::offset below);
    void trim_tasks(const source& s);
    void trim_rejected(model::shard_id shard, instant now);
    bool trim_events(const source& s, const sources& from, instant latest_end);
    model::offset first_needed(const source& s, model::offset first) const;
    std::optional<model::offset> need_of(const eventlog::topic_partition& where) const;
    void look(const sources& from);

    eventlog::event_log& log_;
    const eventlog::topic_names& topics_;
    tables& tables_;
    const milliseconds rejected_kept_;
    watermarks watermarks_;
    std::map<eventlog::topic_partition, model::offset> needs_;
    std::optional<std::size_t> step_;
    log_view view_;
};

}  // namespace kwq::tracker
