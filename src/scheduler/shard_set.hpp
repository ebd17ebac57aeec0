// shard_set: all shards of this instance behind the one interface of the scheduler. What names a
// task or a lease goes to its shard; what is about all of them is asked of each and put together.
#pragma once

#include "scheduler/local_scheduler.hpp"
#include "scheduler/poll_desk.hpp"
#include "scheduler/shard_runner.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <vector>

namespace kwq::scheduler {

class shard_set final : public local_scheduler {
public:
    shard_set(const scheduler_config& config, scheduler_dependencies deps);

    void start() override;
    void serve() override;
    void stop_dispatch() override;
    void stop() override;
    bool is_ready() const override;

    poll_ticket poll(poll_request p, callback<result<poll_answer>> done) override;
    void abandon(poll_ticket ticket) override;
    void give_back(std::vector<model::lease_token> leases) override;
    void report(lease_report r, callback<result<settle_status>> done) override;
    void heartbeats(std::vector<heartbeat> beats,
                    callback<result<std::vector<heartbeat_answer>>> done) override;
    void leases_of(model::worker_name worker, callback<std::vector<lease_info>> done) override;
    void workers(callback<std::vector<worker_info>> done) override;
    void cancel_task(task_place task, callback<result<offset>> done) override;
    void retry_task(task_place task, callback<result<offset>> done) override;
    void reprioritise_task(task_place task, model::priority to,
                           callback<result<reprioritised>> done) override;
    void set_gate(model::gate g, callback<result<command_receipt>> done) override;
    void set_dispatch(model::dispatch d, callback<result<command_receipt>> done) override;
    void give_command(model::command c, callback<result<command_receipt>> done) override;
    void define_queue(model::queue_defined q, callback<result<command_receipt>> done) override;
    void dispatch(callback<dispatch_info> done) override;
    void queues(callback<std::vector<queue_info>> done) override;
    void gates(callback<std::vector<model::gate>> done) override;
    void stats(callback<scheduler_stats> done) override;
    void shards(callback<std::vector<shard_info>> done) override;
    std::optional<std::int32_t> priorities_of(const model::queue_name& queue) const override;
    model::shard_id shard_of(const model::task_id& id) const override;
    ready_levels ready_tasks() const override;

    void advertise(std::string url) override;
    void take_over(const std::vector<model::shard_id>& shards) override;
    void own(const std::vector<model::shard_id>& shards) override;
    void disown(const std::vector<model::shard_id>& shards) override;
    void depths(callback<std::vector<lane_depth>> done) override;
    void confirm_end(model::shard_id shard, offset end, mono_time asked_at) override;
    std::optional<shard_info> shard(model::shard_id shard) const override;
    void set_others(std::map<std::string, ready_levels> ready) override;
    void log_needs(callback<std::vector<eventlog::log_need>> done) override;
    void append_report(lease_report r, callback<result<settle_status>> done) override;

private:
    scheduler_dependencies adapted(scheduler_dependencies deps);
    bool is_single() const { return shards_.size() == 1; }
    shard_runner* shard_at(model::shard_id shard) const;
    /// The lease's shard; of what is no lease of ours any will do: it will not know it.
    shard_runner& shard_of_lease(const model::lease_token& lease) const;
    template <class T, class Each>
    void ask_each(Each each, callback<std::vector<T>> done);
    template <class Done>
    void post_to(shard_runner& shard, const Done& done, std::function<void()> call);
    void append_control(model::control_body body, callback<result<command_receipt>> done);
    void await_control(offset at, const callback<result<command_receipt>>& done);
    void heartbeats_at(shard_runner& shard, std::vector<heartbeat> beats,
                       callback<result<std::vector<heartbeat_answer>>> done);

    mutable std::mutex queue_mutex_;
    std::map<model::queue_name, std::int32_t> queue_book_;  // any thread, under queue_mutex_
    std::unique_ptr<random_source> random_;                 // for all shards' threads
    const scheduler_config config_;
    const scheduler_dependencies deps_;
    std::atomic<poll_ticket> next_ticket_{1};
    std::atomic<bool> joined_{false};  // knows what it should own
    std::string url_;                  // before own()
    shard_runners shards_;
    std::unique_ptr<poll_desk> desk_;  // with several shards
};

}  // namespace kwq::scheduler
