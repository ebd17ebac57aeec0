// shard_runner: one shard's thread and all of its I/O. The order of one turn, which is what
// durability and fencing rest on:
//
//   1. what callers posted (polls, reports, steering) goes into the core
//   2. events of the status partition are read back and applied; then control records; then the
//      ends of the lanes
//   3. the core decides; its reads are done and fed back until it wants none
//   4. the events it sent are appended, in order, as one batch
//   5. answers whose events are durable go out; the others wait for the durable end to move
//   6. now and then the log is flushed and the state committed: never beyond the durable end
//
// While catching up after a start it applies but performs nothing; the first thing done live is the
// claim.
#pragma once

#include "base/run_loop.hpp"
#include "codec/event_codec.hpp"
#include "scheduler/ready_board.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/sent_events.hpp"
#include "scheduler/shard.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace kwq::scheduler {

class shard_runner {
public:
    /// `board` must outlive it; it says there what is ready after each turn. None: nobody looks.
    shard_runner(model::shard_id id, const scheduler_config& config,
                 const scheduler_dependencies& deps, ready_board* board = nullptr);
    ~shard_runner();

    /// Opens and folds to the end, then follows. Throws.
    void open(bool and_claim);
    /// Returns when the claim was read back. Throws.
    void await_claim();
    void stop();
    bool is_owner() const { return is_owner_.load(); }
    model::shard_id id() const { return id_; }

    /// Any thread. Claims the shard, from now on with this url, and claims it again when another
    /// has while it is this instance's to own.
    void own(const std::string& url);
    void disown();
    /// Claims it if the newest claim has this url, which is this instance's from now on.
    void claim_if_last(const std::string& url);
    /// Claims it once, whoever has it.
    void take_over();
    /// A claim is to be read back, or to be sent: until then it is not known who decides.
    bool wants() const { return wants_; }
    /// Any thread: as of the last turn.
    shard_info info() const;
    /// Any thread: `call` runs on the shard's thread, followed by a turn.
    bool post(std::function<void()> call);

    // ---- on the shard's thread only, by post() ----
    shard& core() { return *shard_; }
    moment now() const;
    using reply_callback = std::function<void(const reply&)>;
    request_id expect_reply(reply_callback done);
    void poll(poll_ticket ticket, poll_request request, callback<result<poll_answer>> done);
    void abandon(poll_ticket ticket);
    /// Any thread: `done` runs when a turn has seen all that was in the log before the call; at
    /// once when nothing is left to be seen.
    void after_turn(std::function<void()> done);
    /// When a power cut takes `last` from the status partition no more.
    void when_durable(offset last, std::function<void()> done);
    void when_controlled(offset control_offset, std::function<void()> done);
    /// The task at a place, or nothing when there is none that can be read.
    task_ptr read_task(const record& where);
    std::size_t in_flight_replies() const { return replies_.size(); }
    void confirm_end(offset end, mono_time asked_at);
    /// It has read all that was in the log within the last second: nobody has replaced it before.
    bool is_fresh() const;
    scheduler_stats stats() const;
    /// Nothing unless it decides.
    std::vector<lane_depth> depths() const;
    /// What it has still to read of each of its partitions, should it start again now.
    std::vector<eventlog::log_need> log_needs() const;
    /// Into the log, whoever owns the shard.
    void append_report(const lease_report& r, callback<result<settle_status>> done);

    /// A queue's topics exist from here on; the shard's thread, or before start().
    void add_queue(const model::queue_defined& q);

private:
    using topic_partition = eventlog::topic_partition;

    std::optional<mono_time> turn();
    /// Ends the process when the state's disk fails inside.
    void or_die(const std::function<void()>& call);
    void open_state();
    std::string state_directory() const;
    bool state_fits_log();
    void find_newest_claim();
    void catch_up();
    bool read_status();
    codec::decoded<model::event> read_event(std::string_view value);
    void read_control();
    void read_lane_ends();
    void perform_all();
    bool perform(std::vector<effect> effects);
    void perform_one(emit&& e);
    void perform_one(answer_poll&& a);
    void perform_one(const reply& r);
    void perform_one(const read_lane& r);
    void perform_one(const set_aside& s);
    void perform_one(const append_follow_ups& f);
    void perform_one(const control_done& c);
    void append_batch();
    void on_append_failed(const eventlog::log_error& e);
    void append_tasks(offset of, std::vector<model::task> tasks);
    void retry_follow_ups();
    void release_durable();
    void commit_if_due();
    void publish_ready();
    void publish_info();
    void on_claim_read();
    void claim();
    void watch_status();
    void watch_lane(const lane_key& lane);
    topic_partition lane_partition(const lane_key& lane) const;
    void die(const std::string& what);

    // set once
    const model::shard_id id_;
    const scheduler_config config_;
    const scheduler_dependencies deps_;
    const topic_partition status_;
    const topic_partition control_;
    const topic_partition rejected_;
    ready_board* const board_;
    // shard thread only
    std::unique_ptr<store::kv> kv_;
    std::shared_ptr<std::atomic<std::int64_t>> horizon_;  // shared with compaction threads
    std::unique_ptr<shard> shard_;
    std::vector<eventlog::new_record> batch_;
    sent_events sent_;
    bool batch_synced_ = false;
    bool read_something_ = false;
    offset control_next_{0};
    offset status_first_{0};  // at the start: the log may have been trimmed
    offset status_end_{0};
    offset durable_end_{0};
    request_id next_request_ = 1;
    std::unordered_map<request_id, reply_callback> replies_;
    std::unordered_map<poll_ticket, callback<result<poll_answer>>> polls_;
    std::multimap<offset, std::function<void()>> when_durable_;
    std::multimap<offset, std::function<void()>> when_controlled_;
    offset controlled_{-1};
    offset committed_{-1};                  // applied offset of the stored state
    std::map<lane_key, offset> lane_ends_;  // moved since the last turn
    std::map<model::queue_name, std::int32_t> queues_;
    std::vector<std::pair<mono_time, offset>> follow_again_;
    std::vector<std::function<void()>> after_turn_;
    std::optional<mono_time> claim_again_;
    mono_time next_commit_{};
    model::claim newest_claim_;
    std::string url_;
    std::string nonce_;  // of the last claim sent
    std::optional<std::pair<offset, mono_time>> to_confirm_;
    mono_time confirmed_at_{};
    std::uint64_t undecodable_ = 0;
    std::uint64_t claims_ = 0;
    bool dead_ = false;
    std::promise<void> owned_;
    bool owned_set_ = false;
    // any thread
    std::atomic<bool> is_owner_{false};
    std::atomic<bool> should_own_{false};
    std::atomic<bool> wants_{false};
    mutable std::mutex info_mutex_;
    shard_info info_;  // under info_mutex_
    run_loop loop_;    // last: stops first
};

}  // namespace kwq::scheduler
