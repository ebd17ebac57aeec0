#include "scheduler/scheduler.hpp"

#include "codec/event_codec.hpp"
#include "scheduler/shard_runner.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

namespace kwq::scheduler {

using model::errc;

namespace {

model::error stopping() {
    return {errc::stopping, "the server is stopping", ""};
}

model::error unknown_outcome() {
    return {errc::outcome_unknown, "it may or may not have happened; repeating it is safe", ""};
}

model::error from_log(const eventlog::log_error& e) {
    switch (e.code) {
        case eventlog::errc::overloaded: return {errc::overloaded, e.detail, ""};
        case eventlog::errc::storage_full: return {errc::storage_full, e.detail, ""};
        case eventlog::errc::too_large: return {errc::payload_too_large, e.detail, ""};
        default: return {errc::outcome_unknown, e.detail, ""};
    }
}

result<settle_status> to_result(const reply& r) {
    switch (r.status) {
        case settle_status::ok:
        case settle_status::already: return r.status;
        case settle_status::lease_lost:
            return model::error{errc::lease_lost, "the lease is not the live one any more",
                                "lease"};
        case settle_status::conflict:
            return model::error{errc::outcome_conflict,
                                "the lease was settled with another outcome", "lease"};
        case settle_status::unknown: return unknown_outcome();
    }
    return unknown_outcome();
}

/// One shard; the instance that owns several comes with Kafka.
class single_shard_scheduler final : public scheduler {
public:
    single_shard_scheduler(const scheduler_config& config, scheduler_dependencies deps)
        : deps_(with_queue_book(std::move(deps))), runner_(model::shard_id{0}, config, deps_) {}

    void start() override { runner_.start(); }
    void serve() override {
        runner_.post([this] { runner_.core().open_doors(runner_.now()); });
    }
    void stop() override { runner_.stop(); }
    bool is_ready() const override { return runner_.is_owner(); }

    void stop_dispatch() override {
        runner_.post([this] { runner_.core().stop_dispatch(runner_.now()); });
    }

    poll_ticket poll(poll_request p, callback<result<poll_answer>> done) override {
        const auto ticket = next_ticket_.fetch_add(1);
        post_or_stop(done, [this, ticket, p = std::move(p), done]() mutable {
            runner_.poll(ticket, std::move(p), std::move(done));
        });
        return ticket;
    }

    void abandon(poll_ticket ticket) override {
        runner_.post([this, ticket] { runner_.abandon(ticket); });
    }

    void give_back(std::vector<model::lease_token> leases) override {
        runner_.post([this, leases = std::move(leases)] {
            for (const auto& lease : leases) {
                runner_.core().report(0, {lease, report_release{}}, runner_.now());
            }
        });
    }

    void report(lease_report r, callback<result<settle_status>> done) override {
        post_or_stop(done, [this, r = std::move(r), done] {
            const auto id = runner_.expect_reply([done](const reply& a) { done(to_result(a)); });
            runner_.core().report(id, r, runner_.now());
        });
    }

    void heartbeats(std::vector<heartbeat> beats,
                    callback<result<std::vector<heartbeat_answer>>> done) override {
        post_or_stop(done, [this, beats = std::move(beats), done] {
            if (!runner_.core().is_owner()) {
                done(model::error{errc::not_owner, "no owner has read the log to its end", ""});
                return;
            }
            done(runner_.core().heartbeats(beats, runner_.now()));
        });
    }

    void leases_of(model::worker_name worker, callback<std::vector<lease_info>> done) override {
        post_or_empty(done, [this, worker = std::move(worker), done] {
            done(runner_.core().leases_of(worker, runner_.now()));
        });
    }

    void workers(callback<std::vector<worker_info>> done) override {
        post_or_empty(done, [this, done] { done(runner_.core().workers().list()); });
    }

    void cancel_task(model::record place, callback<result<offset>> done) override {
        post_or_stop(done, [this, place = std::move(place), done] {
            const auto task = runner_.read_task(place);
            if (!task) {
                done(model::error{errc::task_unknown, "no task at this place", "id"});
                return;
            }
            runner_.core().cancel(expect_offset(done, errc::already_terminal), task, runner_.now());
        });
    }

    void retry_task(model::record place, callback<result<offset>> done) override {
        post_or_stop(done, [this, place = std::move(place), done] {
            runner_.core().retry(expect_offset(done, errc::not_retriable), place, runner_.now());
        });
    }

    void set_gate(model::gate g, callback<result<command_receipt>> done) override {
        append_control(std::move(g), std::move(done));
    }
    void set_dispatch(model::dispatch d, callback<result<command_receipt>> done) override {
        append_control(std::move(d), std::move(done));
    }
    void give_command(model::command c, callback<result<command_receipt>> done) override {
        append_control(std::move(c), std::move(done));
    }
    void define_queue(model::queue_defined q, callback<result<command_receipt>> done) override {
        if (const auto known = priorities_of(q.queue)) {
            if (*known == q.priorities) {
                done(command_receipt{offset{-1}, 0});
            } else {
                done(model::error{errc::queue_exists,
                                  "queue " + q.queue.value() + " has " + std::to_string(*known) +
                                      " priorities, which cannot be changed",
                                  "/priorities"});
            }
            return;
        }
        append_control(std::move(q), std::move(done));
    }

    void dispatch(callback<dispatch_info> done) override {
        post_or_empty(done, [this, done] {
            const auto& core = runner_.core();
            const auto d = core.control().dispatch(runner_.now().at);
            done({d.state, d.until, d.reason,
                  static_cast<std::uint32_t>(core.state().leases().size())});
        });
    }

    void queues(callback<std::vector<queue_info>> done) override {
        post_or_empty(done, [this, done] { done(list_queues()); });
    }

    void gates(callback<std::vector<model::gate>> done) override {
        post_or_empty(done,
                      [this, done] { done(runner_.core().control().in_force(runner_.now().at)); });
    }

    void stats(callback<scheduler_stats> done) override {
        post_or_empty(done, [this, done] { done(runner_.stats()); });
    }

    std::optional<std::int32_t> priorities_of(const model::queue_name& queue) const override {
        const std::lock_guard lock(queue_mutex_);
        const auto found = queue_book_.find(queue);
        return found == queue_book_.end() ? std::nullopt : std::optional(found->second);
    }

    model::shard_id shard_of(const model::task_id&) const override { return model::shard_id{0}; }

private:
    scheduler_dependencies with_queue_book(scheduler_dependencies deps) {
        deps.queue_added = [this, more = std::move(deps.queue_added)](
                               const model::queue_name& queue, std::int32_t priorities) {
            {
                const std::lock_guard lock(queue_mutex_);
                queue_book_[queue] = priorities;
            }
            if (more) {
                more(queue, priorities);
            }
        };
        return deps;
    }

    template <class Done, class Call>
    void post_or_stop(const Done& done, Call call) {
        if (!runner_.post(std::move(call))) {
            done(stopping());
        }
    }

    template <class T, class Call>
    void post_or_empty(const callback<T>& done, Call call) {
        if (!runner_.post(std::move(call))) {
            done(T{});
        }
    }

    request_id expect_offset(const callback<result<offset>>& done, errc when_refused) {
        return runner_.expect_reply([done, when_refused](const reply& r) {
            if (r.status == settle_status::ok) {
                done(r.after);
            } else if (r.status == settle_status::unknown) {
                done(unknown_outcome());
            } else {
                done(model::error{when_refused,
                                  when_refused == errc::not_retriable
                                      ? "only a task in state error can be retried"
                                      : "the task has ended already",
                                  "id"});
            }
        });
    }

    void append_control(model::control_body body, callback<result<command_receipt>> done) {
        const auto value = codec::write_control({deps_.time.wall(), std::move(body)});
        deps_.log.append({deps_.topics.control(), 0}, {{"", value, {}}},
                         eventlog::durability::synced,
                         [this, done](const eventlog::result<offset>& at) {
                             if (!at) {
                                 done(from_log(at.error()));
                                 return;
                             }
                             const auto where = *at;
                             post_or_stop(done, [this, where, done] {
                                 runner_.when_controlled(where, [where, done] {
                                     done(command_receipt{where, 0});
                                 });
                             });
                         });
    }

    std::vector<queue_info> list_queues() {
        const auto& core = runner_.core();
        const auto now = runner_.now().at;
        std::map<model::queue_name, std::uint32_t> leases;
        for (const auto& [where, _] : core.state().leases()) {
            ++leases[where.queue];
        }
        std::vector<queue_info> out;
        for (const auto& [queue, priorities] : core.queues()) {
            queue_info info;
            info.queue = queue;
            info.priorities = static_cast<std::int32_t>(priorities.size());
            if (const auto* g = core.control().queue_paused(queue, now)) {
                info.paused = true;
                info.paused_until = g->until;
            }
            for (const auto p : priorities) {
                if (core.control().priority_paused(queue, p, now)) {
                    info.paused_priorities.push_back(p);
                }
            }
            info.leases = leases[queue];
            info.waiting_workers = static_cast<std::uint32_t>(core.waiting_polls_of(queue));
            out.push_back(std::move(info));
        }
        return out;
    }

    mutable std::mutex queue_mutex_;
    std::map<model::queue_name, std::int32_t> queue_book_;  // any thread, under queue_mutex_
    const scheduler_dependencies deps_;
    std::atomic<poll_ticket> next_ticket_{1};
    shard_runner runner_;
};

}  // namespace

std::string_view to_string(settle_status s) {
    switch (s) {
        case settle_status::ok: return "ok";
        case settle_status::already: return "already";
        case settle_status::lease_lost: return "lease_lost";
        case settle_status::conflict: return "conflict";
        case settle_status::unknown: return "unknown";
    }
    return "?";
}

std::string_view to_string(directive d) {
    switch (d) {
        case directive::run: return "run";
        case directive::drain: return "drain";
        case directive::stop: return "stop";
    }
    return "?";
}

std::unique_ptr<scheduler> make_scheduler(const scheduler_config& config,
                                          const scheduler_dependencies& deps) {
    return std::make_unique<single_shard_scheduler>(config, deps);
}

}  // namespace kwq::scheduler
