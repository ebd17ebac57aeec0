// shard: the scheduler's core. Everything it knows it was told: events read back from its status
// partition, records of its lanes, control records, what workers ask, and what time it is. What it
// wants done it says as effects. No I/O, no clock, no randomness of its own, no threads; the same
// calls give the same effects, so the simulator drives it for years.
//
// Two parts: the fold (shard_state), equal on every reader of the partition; and what only the
// owner has and may lose at any time (read-ahead, waiting polls, reservations, renewed leases).
//
// decide reserves the records its events name; on_event frees them, accepted or void.
#pragma once

#include "base/random.hpp"
#include "model/lease.hpp"
#include "scheduler/effects.hpp"
#include "scheduler/gates.hpp"
#include "scheduler/lease_book.hpp"
#include "scheduler/ready_buffer.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/shard_state.hpp"
#include "scheduler/worker_book.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace kwq::scheduler {

/// Owner events that may be on their way at once; beyond it decisions wait.
inline constexpr std::size_t max_unapplied = 4'096;
/// Tasks of one queue that are read ahead; more only costs memory.
inline constexpr std::size_t read_ahead_tasks = 4'096;

/// The time of one step.
struct moment {
    instant at;            // wall clock
    milliseconds mono{0};  // monotonic, since any fixed point of the process
};

/// One record of a lane as the runner read it: a task, or why it is none.
struct met_record {
    record place;
    std::variant<task_ptr, std::string> what;
};

class shard {
public:
    struct options {
        model::shard_id id{0};
        std::string owner;
        std::size_t ready_buffer_bytes = 64U << 20U;
        std::size_t max_waiting_polls = 10'000;
        milliseconds max_wait{30'000};
        milliseconds horizon{7LL * 24 * 3'600 * 1'000};
        bool others_claim = false;  // so a claim may be there that has not been read yet
    };
    /// `state` and `random` must outlive it.
    shard(const options& o, store::kv& state, random_source& random);

    /// What is wanted since the last call, in order.
    std::vector<effect> take_effects() { return std::exchange(effects_, {}); }

    // ---- owning ----
    /// Asks to become the owner: emits a claim. Decisions begin when it is read back.
    void claim(const moment& now, std::string nonce, const std::string& url = {});
    bool is_owner() const { return owner_; }
    /// An append may be lost: nothing is decided until a new claim is read back.
    void lose_ownership(const moment& now);

    // ---- what was read ----
    applied on_event(const model::logged_event& logged, std::uint32_t crc, const moment& now);
    void on_unreadable(offset at, std::uint32_t crc) { state_.skip(at, crc); }
    void on_control(offset at, const model::control_record& c, const moment& now);
    /// The lane's topic exists and ends here.
    void on_lane_end(const lane_key& lane, offset end);
    /// Is the record one that on_records() has a use for? Spares decoding the others.
    bool wants(const record& place) const;
    /// The answer to read_lane: what was read, and up to where (exclusive).
    void on_records(const read_lane& asked, std::vector<met_record> records, offset next,
                    const moment& now);
    /// What was to be read is gone below `first`, since it had ended: the cursor passes it.
    void on_trimmed(const read_lane& asked, offset first);
    void on_followed(offset of, const moment& now);
    /// The follow-ups could not be appended: asked for again by a later decide().
    void on_not_followed(offset of) { following_.erase(of); }

    // ---- what is asked ----
    void poll(poll_ticket ticket, poll_request request, const moment& now);
    void abandon(poll_ticket ticket, const moment& now);
    void report(request_id request, const lease_report& r, const moment& now);
    /// What it would be answered, or the event that it makes.
    std::variant<settle_status, model::event_body> judge_report(const lease_report& r) const;
    std::vector<heartbeat_answer> heartbeats(const std::vector<heartbeat>& b, const moment& now);
    /// `task` is the record at its place, decoded.
    void cancel(request_id request, const task_ptr& task, const moment& now);
    void retry(request_id request, const record& place, const moment& now);
    void reprioritise(request_id id, const task_ptr& t, model::priority to, const moment& now);
    /// Workers can reach it now: their leases have a full period from here, before it none ends.
    void open_doors(const moment& now);
    /// No more is handed out, ever; waiting polls are answered empty.
    void stop_dispatch(const moment& now);
    /// Time has passed, or something above was called: decides whatever can be decided.
    void decide(const moment& now);
    /// When decide() wants to be called even if nothing happens.
    std::optional<milliseconds> next_wake(const moment& now) const;  // mono

    // ---- looking ----
    const shard_state& state() const { return state_; }
    shard_state& state() { return state_; }
    const gates& control() const { return gates_; }
    const ready_buffer& buffer() const { return buffer_; }
    const worker_book& workers() const { return workers_; }
    const scheduler_stats& counters() const { return counters_; }
    std::size_t waiting_polls() const { return polls_.size(); }
    std::size_t waiting_polls_of(const model::queue_name& q) const;
    std::size_t unapplied() const { return in_flight_.size(); }
    std::vector<lease_info> leases_of(const model::worker_name& worker, const moment& now) const;
    const std::map<model::queue_name, std::set<model::priority>>& queues() const { return queues_; }

private:
    friend class invariants;
    struct in_flight_event {
        model::event event;
        request_id request = 0;
        std::optional<std::pair<poll_ticket, std::size_t>> settle;  // of a poll: index in settled
        bool holds_reservation = false;  // the one of its place was made for it
    };
    struct reservation {
        task_ptr task;                      // null when only the place is named
        std::optional<poll_ticket> ticket;  // an allocation for this poll
        bool held = false;                  // by the event it was made for
    };
    struct waiting_poll {
        poll_request request;
        milliseconds deadline{0};  // mono
        std::size_t settles_out = 0, reserved = 0;
        bool waited_for_read = false;  // beyond its deadline, once
        offset settled_up_to{-1};      // newest status offset its settles stand on
        poll_answer answer;
    };
    struct lane_io {
        offset end{0};
        offset next{0};           // head: read from here
        offset returned_next{0};  // returned ranges: read from here
        bool reading = false;
        bool reading_returned = false;
        offset_set skipped;  // met and dropped, a cursor event to follow
        offset_set parking;  // in a parked event on its way
    };

    // emitting and reading back (shard.cpp)
    void send(model::event_body body, const moment& now);
    void send_for(request_id request, model::event_body body, const moment& now);
    void send_settle(poll_ticket ticket, std::size_t i, model::event_body body, const moment& now);
    void push(in_flight_event e, const moment& now, bool synced);
    void reserve(const record& place, reservation r);
    void settle_in_flight(const model::logged_event& logged, const applied& a, const moment& now);
    void hand_on(const record& place);
    void give_up_in_flight(const moment& now);
    void on_own_claim(const moment& now);
    void put_back(task_ptr task, const moment& now);
    bool is_busy() const { return !owner_ || in_flight_.size() >= max_unapplied; }
    milliseconds t_of(const moment& now) const { return now.mono - claimed_at_; }
    void after_apply(const model::logged_event& logged, const applied& a,
                     const model::worker_name& worker, const moment& now);
    void after_task_event(const model::logged_event& logged, const applied& a,
                          const model::worker_name& worker, const moment& now);
    void after_ranges(const model::event_body& body, const moment& now);
    void on_allocated_back(const model::allocated& e, const applied& a, reservation r,
                           const moment& now);
    void count(const model::event_body& body, const applied& a);
    void returned_at(const lane_key& lane, offset at);
    lane_io& io(const lane_key& lane) { return io_[lane]; }

    // meeting tasks (shard_meet.cpp)
    enum class judgement : std::uint8_t { ready, gone };
    judgement judge(task_ptr& task, const moment& now);
    void drop_covered(const record& place);
    void park_paused(const std::vector<task_ptr>& paused, const moment& now);
    void plan_reads(const moment& now);
    void plan_lane(const lane_key& lane);
    bool has_unread(const lane_key& lane) const;
    bool has_unread_at(const model::queue_name& queue, model::priority level) const;
    void move_cursors(const moment& now);
    void unpark(const moment& now);
    void sweep_retried(const moment& now);
    void wake_due(const moment& now);
    void send_controls(const moment& now);
    bool holds_for_horizon(const moment& now);

    // polls (shard_polls.cpp)
    void serve(const moment& now);
    bool fill(poll_ticket ticket, waiting_poll& p, const moment& now);
    bool fill_from(const model::queue_name& queue, poll_ticket ticket, waiting_poll& p,
                   const moment& now);
    bool may_hand_out(const moment& now) const;
    bool lane_open(const lane_key& lane, const moment& now) const;
    void allocate(const task_ptr& task, poll_ticket ticket, waiting_poll& p, const moment& now);
    void finish_if_done(poll_ticket ticket, const moment& now, bool give_up = false);
    void finish(poll_ticket ticket, const moment& now);
    void expire_polls(const moment& now);
    bool is_reading_for(const waiting_poll& p) const;
    void end_waiting(const moment& now);
    directive directive_now(const moment& now) const;
    void end_leases(const moment& now);

    const options options_;
    random_source& random_;
    shard_state state_;
    gates gates_;
    std::vector<effect> effects_;

    // only the owner has these
    bool owner_ = false, doors_open_ = false, stopping_ = false;
    std::optional<model::event> claim_out_;
    std::uint64_t sequence_ = 0;
    std::deque<in_flight_event> in_flight_;
    std::unordered_map<record, reservation> reserved_;
    std::unordered_multimap<record, task_ptr> loose_moves_;  // on their way without a reservation
    ready_buffer buffer_;
    lease_book lease_book_;
    worker_book workers_;
    std::map<model::queue_name, std::set<model::priority>> queues_;
    std::map<lane_key, lane_io> io_;
    std::map<poll_ticket, waiting_poll> polls_;  // tickets grow: first come, first served
    std::map<model::queue_name, std::set<poll_ticket>> polls_of_;
    std::set<std::pair<milliseconds, poll_ticket>> poll_deadlines_;
    struct pending_command {
        offset at;
        model::command what;
        bool sent = false;
    };
    std::deque<pending_command> commands_;            // to be copied into the status partition
    std::set<model::job_name> unpark_;                // jobs whose parked ranges may come back
    std::optional<model::job_name> unpark_all_from_;  // paced walk over all parked jobs
    std::set<model::job_name> unparking_;             // a ready event of theirs is on its way
    std::set<model::job_name> retried_;               // jobs with dead letters to return
    std::set<offset> following_;                      // append_follow_ups asked for
    std::optional<instant> gate_change_, next_due_;   // when a pause ends by itself
    std::size_t readying_ = 0;                        // ready events on their way
    milliseconds claimed_at_{0}, next_cursor_{0};     // mono; of reading back the claim
    std::optional<milliseconds> next_horizon_, hold_until_;  // decisions wait for the horizon
    scheduler_stats counters_;
};

}  // namespace kwq::scheduler
