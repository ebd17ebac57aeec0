// world: a shard with everything around it as plain values: a log of vectors, a clock that moves
// when told, leases with short names. Transcripts drive it; every answer and event is a line.
#pragma once

#include "base/random.hpp"
#include "scheduler/invariants.hpp"
#include "scheduler/shard.hpp"
#include "store/kv.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kwq::scenario {

class world {
public:
    world();

    // ---- what verbs do ----
    void add_queue(const std::string& queue, int priorities);
    model::record submit(const model::task& t);
    model::record submit_raw(const std::string& queue, int priority, const std::string& value);
    void poll(scheduler::poll_request p);
    void abandon(scheduler::poll_ticket ticket);
    /// As soon as a task is allocated to anybody, and before that is read back.
    void abandon_when_allocated(scheduler::poll_ticket ticket) { leaving_ = ticket; }
    void report(const scheduler::lease_report& r);
    void heartbeat(const model::lease_token& lease, const std::string& progress);
    void control(model::control_body body);
    void cancel(const std::string& id);
    void retry(const std::string& id);
    void reprioritise(const std::string& id, model::priority to);
    void advance(milliseconds by);
    void append_foreign(model::event_body body, std::optional<model::owner_stamp> stamp);
    /// kill -9 and start: the core is new, the state as committed, the log whole.
    void restart();
    /// The state is deleted too.
    void rebuild();
    /// What a kill loses of follow-ups asked for from now on: nothing, all of them, or only the
    /// note that they were appended.
    enum class follow_loss { none, all, note };
    void lose_follow_ups(follow_loss what) { follow_loss_ = what; }
    /// How many more events are read back until this is said anew; nothing: all of them.
    void read_back_only(std::optional<std::size_t> events) { may_read_ = events; }
    /// An append fails: what was not read back is not in the log, and the shard is claimed anew.
    void lose_appends();

    /// Turns until nothing moves.
    void settle();

    // ---- names ----
    std::vector<model::topic_end> ends_of(const std::string& queue) const;
    std::vector<model::topic_end> all_ends() const;
    model::lease_token lease(const std::string& name) const;
    std::string lease_name(const model::lease_token& token);
    model::record place_of(const std::string& id) const;
    instant now() const { return now_; }
    const scheduler::shard& core() const { return *shard_; }
    std::string take_output();
    void print(const std::string& line);

private:
    struct topic {
        std::vector<model::stored_task> tasks;
        std::vector<std::string> raw;  // not empty: garbage at this offset
    };

    scheduler::moment moment() const;
    void open(bool keep_state);
    bool turn();
    void perform(const scheduler::effect& e);
    void perform_one(const scheduler::emit& e);
    void perform_one(const scheduler::answer_poll& a);
    void perform_one(const scheduler::reply& r);
    void perform_one(const scheduler::read_lane& r);
    void perform_one(const scheduler::set_aside& s);
    void perform_one(const scheduler::append_follow_ups& f);
    void perform_one(const scheduler::control_done& c);
    bool read_back();
    void check();

    instant now_{1'700'000'000'000};
    milliseconds mono_{1'000};
    seeded_random random_{7};
    std::unique_ptr<store::kv> kv_;
    std::unique_ptr<scheduler::shard> shard_;
    scheduler::invariants invariants_;
    std::vector<model::event> status_;
    std::vector<model::control_record> control_;
    std::size_t control_read_ = 0;
    std::map<scheduler::lane_key, topic> topics_;
    std::map<std::string, model::record> places_;
    std::map<std::string, std::string> leases_;  // name -> token
    std::map<std::string, std::string> names_;   // token -> name
    scheduler::poll_ticket next_ticket_ = 1;
    scheduler::request_id next_request_ = 1;
    std::optional<scheduler::poll_ticket> leaving_;
    follow_loss follow_loss_ = follow_loss::none;
    std::optional<std::size_t> may_read_;
    std::string output_;
};

/// One event as a line: `allocated t1 default/5@0 lease=L1 worker=w1 attempt=1`.
std::string describe(world& w, const model::event& e);
std::string describe(const model::verdict& v);

/// Carries out one line of a transcript.
void run_verb(world& w, const std::string& line);

}  // namespace kwq::scenario
