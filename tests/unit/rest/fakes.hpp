// fakes: stand-ins for what the api asks, with answers that a test sets and calls that it reads.
// They answer at once, on the caller's thread.
#pragma once

#include "eventlog/event_log.hpp"
#include "scheduler/scheduler.hpp"
#include "tracker/tracker.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace kwq::rest::testing {

class fake_clock final : public clock {
public:
    instant wall() const override { return instant{1'700'000'000'000}; }
    mono_time monotonic() const override { return system_clock().monotonic(); }
};

/// Partitions in memory. `fail` makes appends answer that.
class fake_log final : public eventlog::event_log {
public:
    template <class T>
    using result = eventlog::result<T>;

    result<void> ensure_topic(const std::string&, std::int32_t) override { return {}; }
    void append(const eventlog::topic_partition& where, std::vector<eventlog::new_record> batch,
                eventlog::durability how, append_callback done) override;
    result<std::vector<eventlog::log_record>> read(const eventlog::topic_partition& where,
                                                   eventlog::offset from,
                                                   std::size_t max_bytes) override;
    result<eventlog::partition_range> range(const eventlog::topic_partition& where) override;
    result<void> trim(const eventlog::topic_partition&, eventlog::offset) override { return {}; }
    void watch(const eventlog::topic_partition&, const std::string&, watch_callback) override {}
    result<void> flush() override { return {}; }

    std::vector<eventlog::log_record> all(const std::string& topic);
    void fail_with(const std::string& topic, eventlog::errc code);

private:
    std::mutex mutex_;
    std::map<std::string, std::vector<eventlog::log_record>> topics_;
    std::map<std::string, eventlog::errc> failing_;
};

class fake_scheduler final : public scheduler::scheduler {
public:
    using receipt = kwq::scheduler::command_receipt;
    template <class T>
    using callback = kwq::scheduler::callback<T>;

    void start() override {}
    void serve() override {}
    void stop_dispatch() override {}
    void stop() override {}
    bool is_ready() const override { return ready; }
    kwq::scheduler::poll_ticket poll(
        kwq::scheduler::poll_request p,
        callback<model::result<kwq::scheduler::poll_answer>> done) override;
    void abandon(kwq::scheduler::poll_ticket ticket) override { abandoned.push_back(ticket); }
    void give_back(std::vector<model::lease_token> back) override { given_back = back; }
    void report(kwq::scheduler::lease_report r,
                callback<model::result<kwq::scheduler::settle_status>> done) override;
    void heartbeats(
        std::vector<kwq::scheduler::heartbeat> beats,
        callback<model::result<std::vector<kwq::scheduler::heartbeat_answer>>> done) override;
    void leases_of(model::worker_name,
                   callback<std::vector<kwq::scheduler::lease_info>> done) override {
        done(held);
    }
    void workers(callback<std::vector<kwq::scheduler::worker_info>> done) override {
        done(known_workers);
    }
    void cancel_task(kwq::scheduler::task_place task,
                     callback<model::result<model::offset>> done) override;
    void retry_task(kwq::scheduler::task_place task,
                    callback<model::result<model::offset>> done) override;
    void reprioritise_task(kwq::scheduler::task_place task, model::priority to,
                           callback<model::result<kwq::scheduler::reprioritised>> done) override;
    void set_gate(model::gate g,
                  callback<model::result<kwq::scheduler::command_receipt>> done) override;
    void set_dispatch(model::dispatch d,
                      callback<model::result<kwq::scheduler::command_receipt>> done) override;
    void give_command(model::command c,
                      callback<model::result<kwq::scheduler::command_receipt>> done) override;
    void define_queue(model::queue_defined q,
                      callback<model::result<kwq::scheduler::command_receipt>> done) override;
    void dispatch(callback<kwq::scheduler::dispatch_info> done) override { done(is_switched()); }
    void queues(callback<std::vector<kwq::scheduler::queue_info>> done) override;
    void gates(callback<std::vector<model::gate>> done) override { done(in_force); }
    void stats(callback<kwq::scheduler::scheduler_stats> done) override { done(counted); }
    void shards(callback<std::vector<kwq::scheduler::shard_info>> done) override {
        kwq::scheduler::shard_info only;
        only.owned = true;
        done({only});
    }
    kwq::scheduler::ready_levels ready_tasks() const override { return could_hand_out; }
    std::optional<std::int32_t> priorities_of(const model::queue_name& queue) const override;
    model::shard_id shard_of(const model::task_id&) const override { return model::shard_id{0}; }

    // answers
    bool ready = true;
    bool holds_polls = false;  // a poll is kept in `waiting` instead of answered
    model::result<kwq::scheduler::poll_answer> poll_answer = kwq::scheduler::poll_answer{};
    model::result<kwq::scheduler::settle_status> verdict = kwq::scheduler::settle_status::ok;
    kwq::scheduler::ready_levels could_hand_out;
    bool lives = true;  // leases, to heartbeats
    bool knows = true;
    std::optional<model::error> change_refused;
    std::map<model::queue_name, std::int32_t> known_queues{{model::queue_name{"default"}, 9}};
    std::vector<kwq::scheduler::lease_info> held;
    std::vector<kwq::scheduler::worker_info> known_workers;
    /// Any thread: listeners look at it all the time.
    void switch_to(const kwq::scheduler::dispatch_info& to) {
        const std::lock_guard hold(switch_mutex_);
        switched_ = to;
    }
    kwq::scheduler::scheduler_stats counted;
    std::vector<model::gate> in_force;

    // calls
    std::vector<kwq::scheduler::poll_request> polls;
    callback<model::result<kwq::scheduler::poll_answer>> waiting;
    std::vector<kwq::scheduler::poll_ticket> abandoned;
    std::vector<model::lease_token> given_back;
    std::vector<kwq::scheduler::lease_report> reports;
    std::vector<kwq::scheduler::heartbeat> beats;
    std::vector<model::gate> gates_set;
    std::vector<model::dispatch> switches;
    std::vector<model::command> commands;
    std::vector<model::record> cancelled;
    std::vector<model::record> retried;
    std::vector<std::pair<model::record, model::priority>> reprioritised;

private:
    void answer(const callback<model::result<receipt>>& done) const;
    kwq::scheduler::dispatch_info is_switched() const {
        const std::lock_guard hold(switch_mutex_);
        return switched_;
    }

    mutable std::mutex switch_mutex_;
    kwq::scheduler::dispatch_info switched_;
};

class fake_tracker final : public tracker::tracker {
public:
    template <class T>
    using callback = kwq::tracker::callback<T>;
    using positions = kwq::tracker::positions;

    void start() override {}
    void stop() override {}
    bool is_ready() const override { return true; }
    void task(model::task_id id, positions after, callback<kwq::tracker::task_view> done) override;
    void task_until_terminal(model::task_id id, positions after, milliseconds wait,
                             callback<kwq::tracker::task_view> done) override;
    void tasks(kwq::tracker::task_filter f, positions after,
               callback<kwq::tracker::task_page> done) override;
    void jobs(kwq::tracker::name_page_query q, positions after,
              callback<kwq::tracker::group_page> done) override;
    void job(kwq::tracker::job_question q, positions after,
             callback<kwq::tracker::group_view> done) override;
    void job_until_idle(kwq::tracker::job_question q, positions after, milliseconds wait,
                        callback<kwq::tracker::group_view> done) override;
    void tags(kwq::tracker::name_page_query q, positions after,
              callback<kwq::tracker::group_page> done) override;
    void tag(model::tag_name tag, positions after,
             callback<kwq::tracker::group_view> done) override;
    void errors(kwq::tracker::error_query q, positions,
                callback<kwq::tracker::error_page> done) override {
        asked_errors = std::move(q);
        kwq::tracker::error_page page;
        page.items = known_errors;
        done(page);
    }
    void error(kwq::tracker::error_fingerprint group, positions,
               callback<kwq::tracker::error_view> done) override {
        for (const auto& e : known_errors) {
            if (e.error == group) {
                done(e);
                return;
            }
        }
        done(model::error{model::errc::error_unknown, "no such group", {}});
    }
    void windows(kwq::tracker::series_question q, positions,
                 callback<std::vector<kwq::tracker::window_view>> done) override {
        asked_series = std::move(q);
        done(known_windows);
    }
    void state_map(kwq::tracker::state_map_question q, positions,
                   callback<kwq::tracker::state_map_view> done) override {
        asked_map = std::move(q);
        done(known_map);
    }
    void task_at(model::job_name, std::uint32_t index, positions after,
                 callback<kwq::tracker::task_view> done) override {
        task(model::task_id{"t" + std::to_string(index)}, std::move(after), std::move(done));
    }
    void queues(positions, callback<std::vector<kwq::tracker::queue_view>> done) override {
        done(queue_views);
    }
    void stats(positions, callback<kwq::tracker::tracker_stats> done) override {
        done(kwq::tracker::tracker_stats{});
    }
    void queue_added(model::queue_name queue, std::int32_t) override { added.push_back(queue); }

    // answers
    std::map<std::string, kwq::tracker::task_view> known_tasks;
    std::map<std::string, kwq::tracker::group_view> known_jobs;
    std::vector<kwq::tracker::queue_view> queue_views;
    std::vector<kwq::tracker::task_page> pages;  // of lists, while there are some

    std::vector<kwq::tracker::error_view> known_errors;
    std::vector<kwq::tracker::window_view> known_windows;
    kwq::tracker::state_map_view known_map;

    // calls
    std::atomic<int> times_listed{0};
    kwq::tracker::error_query asked_errors;
    kwq::tracker::series_question asked_series;
    kwq::tracker::state_map_question asked_map;
    kwq::tracker::name_page_query asked_names;
    positions asked_after;
    milliseconds asked_wait{0};
    std::uint32_t asked_tags = 0;
    kwq::tracker::task_filter asked_filter;
    std::vector<model::queue_name> added;
};

}  // namespace kwq::rest::testing
