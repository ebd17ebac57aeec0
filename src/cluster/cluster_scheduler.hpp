// cluster_scheduler: the scheduler as the API sees it when there are several instances. What its
// own shards can answer they do; a report of another's lease is passed on to the shard's owner, a
// poll to the instance that has the most urgent work. A report whose owner cannot be reached is put
// into the log, where the next owner finds it.
#pragma once

#include "base/run_loop.hpp"
#include "cluster/passed_polls.hpp"
#include "cluster/peers.hpp"
#include "observe/logger.hpp"
#include "scheduler/local_scheduler.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kwq::cluster {

struct cluster_config {
    std::string instance;
    std::string token;  // that all instances have; empty: none
    std::int32_t shards = 1;
    /// Asks the log for the ends of shards' events; waits. Nothing for those without an answer.
    std::function<std::vector<std::optional<model::offset>>(const std::vector<model::shard_id>&)>
        ask_ends;
    /// Tells the log's own tools how deep the queues are; waits. May be empty.
    std::function<void(const std::vector<kwq::scheduler::lane_depth>&)> publish_depths{};
};

class cluster_scheduler final : public scheduler::scheduler {
public:
    template <class T>
    using callback = kwq::scheduler::callback<T>;
    using settled = model::result<kwq::scheduler::settle_status>;
    using offset_answer = model::result<model::offset>;
    using move_answer = model::result<kwq::scheduler::reprioritised>;
    using receipt = model::result<kwq::scheduler::command_receipt>;
    using beats = std::vector<kwq::scheduler::heartbeat>;
    using beat_answers = model::result<std::vector<kwq::scheduler::heartbeat_answer>>;

    /// `local` and `time` outlive it.
    cluster_scheduler(const cluster_config& config, kwq::scheduler::local_scheduler& local,
                      const clock& time);

    /// The local scheduler is started by whoever owns it; these are about passing on.
    void start() override;
    void stop() override;
    void serve() override { local_.serve(); }
    void stop_dispatch() override { local_.stop_dispatch(); }
    bool is_ready() const override { return local_.is_ready(); }

    kwq::scheduler::poll_ticket poll(
        kwq::scheduler::poll_request p,
        callback<model::result<kwq::scheduler::poll_answer>> done) override;
    void abandon(kwq::scheduler::poll_ticket ticket) override { polls_.abandon(ticket); }
    void give_back(std::vector<model::lease_token> leases) override;
    void report(kwq::scheduler::lease_report r, callback<settled> done) override;
    void heartbeats(beats all, callback<beat_answers> done) override;
    void leases_of(model::worker_name worker,
                   callback<std::vector<kwq::scheduler::lease_info>> done) override {
        local_.leases_of(std::move(worker), std::move(done));
    }
    void workers(callback<std::vector<kwq::scheduler::worker_info>> done) override {
        local_.workers(std::move(done));
    }
    void cancel_task(kwq::scheduler::task_place task, callback<offset_answer> done) override;
    void retry_task(kwq::scheduler::task_place task, callback<offset_answer> done) override;
    void reprioritise_task(kwq::scheduler::task_place task, model::priority to,
                           callback<move_answer> done) override;
    void set_gate(model::gate g, callback<receipt> done) override {
        local_.set_gate(std::move(g), std::move(done));
    }
    void set_dispatch(model::dispatch d, callback<receipt> done) override {
        local_.set_dispatch(std::move(d), std::move(done));
    }
    void give_command(model::command c, callback<receipt> done) override {
        local_.give_command(std::move(c), std::move(done));
    }
    void define_queue(model::queue_defined q, callback<receipt> done) override {
        local_.define_queue(std::move(q), std::move(done));
    }
    void dispatch(callback<kwq::scheduler::dispatch_info> done) override {
        local_.dispatch(std::move(done));
    }
    void queues(callback<std::vector<kwq::scheduler::queue_info>> done) override {
        local_.queues(std::move(done));
    }
    void gates(callback<std::vector<model::gate>> done) override { local_.gates(std::move(done)); }
    void stats(callback<kwq::scheduler::scheduler_stats> done) override {
        local_.stats(std::move(done));
    }
    void shards(callback<std::vector<kwq::scheduler::shard_info>> done) override {
        local_.shards(std::move(done));
    }
    bool is_in_touch() const override;
    kwq::scheduler::ready_levels ready_tasks() const override { return local_.ready_tasks(); }
    std::optional<std::int32_t> priorities_of(const model::queue_name& queue) const override {
        return local_.priorities_of(queue);
    }
    model::shard_id shard_of(const model::task_id& id) const override {
        return local_.shard_of(id);
    }

private:
    std::optional<mono_time> exchange();
    std::set<std::string> others() const;
    std::optional<mono_time> confirm_ends();
    std::optional<mono_time> publish_depths();
    void note_silence(const std::string& url, milliseconds patience);
    void take_over_from(const std::string& url);
    void take_ready(const std::string& url, const net::client_result& answer);
    void pass_move(const kwq::scheduler::task_place& task, model::priority to,
                   const std::string& url, callback<move_answer> done);
    void pass_task(const kwq::scheduler::task_place& task, const std::string& url,
                   std::string_view verb, callback<offset_answer> done);
    void pass_beats(const std::string& url, beats some, callback<beat_answers> done);

    const cluster_config config_;
    kwq::scheduler::local_scheduler& local_;
    const clock& time_;
    owners owners_;
    peers peers_;
    passed_polls polls_;
    std::atomic<mono_time> log_answered_at_;
    // the loop's thread
    struct silence {
        mono_time since;
        int takeovers = 0;  // the next one is later each time
    };
    std::map<std::string, kwq::scheduler::ready_levels> ready_;
    std::map<std::string, silence> silent_;
    std::set<std::string> asked_;
    mono_time next_exchange_{};
    run_loop loop_;
    run_loop fresh_loop_;  // waits for the log
    run_loop depth_loop_;  // likewise
};

}  // namespace kwq::cluster
