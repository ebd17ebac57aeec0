// naive_model: the queue written down a second time, as plainly as possible, to be compared with
// the real one. It reads the log once, in its order, keeps everything in maps, corrects every task
// at every command, and knows nothing of cursors, leases' timers or read-ahead. It shares the codec
// with the product and no rule.
//
// A record that breaks a promise ends the simulation by a violation: an allocation that came too
// early, out of order, or of a task that is not there; a lease ended before its time; a refused
// submit that is in the log after all.
#pragma once

#include "eventlog/event_log.hpp"
#include "eventlog/topics.hpp"
#include "model/control.hpp"
#include "model/event.hpp"
#include "model/lifecycle.hpp"
#include "model/task.hpp"
#include "sim/basis.hpp"
#include "sim/world.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace kwq::sim {

using model::place;
using model::void_reason;
using lane = std::pair<model::queue_name, model::priority>;

/// One record of a task topic, and all that became of it.
struct naive_task {
    std::optional<model::stored_task> body;  // none: it could not be read
    model::task_id id;
    model::job_name job;

    model::place place = place::ahead;
    bool parked = false;  // ahead or pending, held back with its job
    /// Cancelled with its job before any event named it: its record alone says what its job is,
    /// and events that do not say it find it ahead.
    bool cancelled_unnamed = false;
    bool settled_by_command = false;
    bool named = false;  // by an accepted event that said what it is
    bool running = false;
    std::uint32_t attempt = 0;
    std::uint32_t spent = 0;
    model::task_limits limits;
    model::lease_token lease;
    model::offset lease_epoch{-1};
    milliseconds lease_t{0};
    mono_time leased_at{};  // when the allocation was seen
    model::lease_token last_lease;
    model::outcome last_outcome = model::outcome::none;
    instant due{0};
    std::optional<model::priority> moved_to;  // none: served where it was submitted
    model::offset since{-1};                  // status offset of what moved it last
    model::offset mentioned{-1};              // by the last event that named it, void or not
    instant settled_at{0};
    int completions = 0;
    int retries = 0;
};

/// Where a worker gets it from.
inline model::priority served_at(const model::record& where, const naive_task& t) {
    return t.moved_to.value_or(where.priority);
}

struct naive_verdict {
    place before = place::ahead;
    void_reason reason = void_reason::none;
    bool forgotten = false;  // of a task of which not everybody knows the same
};

/// What became of a lease, for those who were told.
struct naive_lease {
    model::record where;
    model::offset allocated_at{-1};
    model::outcome ended = model::outcome::none;
    bool timed_out = false;
    bool was_running = false;
    model::offset ended_at{-1};
    model::offset running_at{-1};
    model::priority level{0};  // that it was handed out at
};

class naive_model {
public:
    naive_model(world& w, const eventlog::topic_names& topics, eventlog::event_log& log,
                bases& noted);

    /// A queue that is there from the start; others come and go with the records that make them.
    void configure_queue(const model::queue_name& queue, std::int32_t priorities);
    /// Reads what is new in the log.
    void catch_up();
    /// The log has lost its newest records: everything is read again.
    void read_again();

    const std::map<model::record, naive_task>& tasks() const { return tasks_; }
    const std::map<model::queue_name, std::int32_t>& queues() const { return queues_; }
    const naive_lease* lease(const model::lease_token& token) const;
    bool is_live(const model::lease_token& token) const;
    /// By status offset; nothing for a record that is no event.
    const std::optional<naive_verdict>& verdict(model::offset at) const;
    const model::event* event_at(model::offset at) const;
    model::offset status_end() const;
    model::offset epoch() const { return epoch_; }
    milliseconds newest_t() const { return t_; }
    model::offset control_seen() const { return control_seen_; }
    std::optional<model::record> bound(const model::task_id& id) const;
    /// Settled before the horizon: nobody need know anything of it.
    bool is_forgotten(const naive_task& t) const {
        return t.settled_at.value() > 0 && t.settled_at < horizon_;
    }
    const std::vector<model::offset>& unfollowed() const { return unfollowed_; }
    std::vector<model::lease_token> live_leases() const;
    std::size_t number_of_topic(const model::record& where) const {
        return noted_.number_of(topics_.tasks(where.queue, where.priority));
    }
    /// Tries of submits seen in the log, by the mark in their `source`.
    bool has_try(const std::string& mark) const { return tries_.count(mark) > 0; }
    void refuse_try(const std::string& mark);
    /// A definite no to whoever holds this lease: nothing of it may count any more.
    void refuse_lease(const model::lease_token& token) { refused_leases_.insert(token.value()); }
    /// The read-ahead is large enough for everything: order is strict.
    void promise_no_eviction() { never_evicts_ = true; }
    /// The owner has promised that the lease lives until then.
    void promise_lease(const model::lease_token& token, mono_time until);
    /// What a worker of this name asks for.
    void know_affinity(const model::worker_name& worker, std::vector<std::string> keys);

private:
    friend class naive_order;

    // reading (naive_model.cpp)
    void add_queue(const model::queue_name& queue, std::int32_t priorities);
    void read_lanes();
    void read_controls();
    void read_status();
    void take_task(const lane& where, const eventlog::log_record& r);
    // events (naive_events.cpp)
    naive_verdict judge(model::offset at, const model::event& e);
    void_reason judge_partition(model::offset at, const model::event& e);
    void_reason judge_task(model::offset at, const model::event& e, naive_task& t);
    void_reason judge_first(const naive_task& t, const model::task_id& id,
                            const std::optional<model::task_intro>& intro) const;
    static void_reason judge_lease(const naive_task& t, const model::lease_token& lease,
                                   model::outcome how);
    void take(model::offset at, const model::event& e, naive_task& t);
    void take_allocated(model::offset at, const model::event& e, naive_task& t);
    void end_lease(model::offset at, naive_task& t, model::outcome how, bool timed_out);
    void fail(model::offset at, const model::event& e, naive_task& t, bool retry);
    void take_partition(model::offset at, const model::event& e);
    void take_control(model::offset at, const model::event& e);
    void introduce(naive_task& t, const model::task_id& id,
                   const std::optional<model::task_intro>& intro);
    void settle(naive_task& t, place p, model::offset at, instant when);
    void forget_if_past(naive_task& t) const;
    void set_parked(const lane& where, const model::offset_range& range, bool parked,
                    model::offset at);
    naive_task& at(const model::record& where);
    // promises kept by what counts (naive_promises.cpp)
    void check_accepted(model::offset at, const model::event& e, const naive_task& before) const;
    void check_lease_end(const model::event& e, const naive_task& before) const;
    [[noreturn]] void broken(const std::string& what, const model::event& e) const;

    world& world_;
    const eventlog::topic_names& topics_;
    eventlog::event_log& log_;
    bases& noted_;

    // read from the log
    std::map<model::queue_name, std::int32_t> queues_;
    std::map<lane, model::offset> lane_next_;
    std::map<model::record, naive_task> tasks_;
    model::offset control_next_{0};
    std::vector<std::pair<model::offset, model::control_record>> controls_;
    std::vector<std::optional<naive_verdict>> verdicts_;
    std::vector<std::optional<model::event>> events_;
    model::offset epoch_{-1};
    milliseconds t_{0};
    model::offset control_seen_{-1};
    instant horizon_{0};
    std::unordered_map<std::string, model::record> bound_;
    std::unordered_map<std::string, naive_lease> leases_;
    std::set<model::record> leased_;
    std::map<lane, std::set<model::offset>> waiting_;  // ahead or pending, not parked; by topic
    std::map<model::queue_name, std::set<model::record>> moved_;  // those of them, and more
    std::vector<model::offset> unfollowed_;
    std::unordered_set<std::string> tries_;
    bool reading_again_ = false;
    // told by others, and kept when the log is read again
    std::map<model::queue_name, std::int32_t> configured_;
    bool never_evicts_ = false;
    std::unordered_set<std::string> refused_tries_;
    std::unordered_set<std::string> refused_leases_;
    std::unordered_map<std::string, mono_time> promised_;
    std::map<model::worker_name, std::vector<std::string>> affinity_;
};

}  // namespace kwq::sim
