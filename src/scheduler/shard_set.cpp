#include "scheduler/shard_set.hpp"

#include "base/hash.hpp"
#include "codec/event_codec.hpp"
#include "model/lease.hpp"
#include "scheduler/collected.hpp"
#include "scheduler/shard_answers.hpp"

#include <algorithm>
#include <utility>

namespace kwq::scheduler {

using model::errc;

namespace {

/// One source of randomness for the threads of all shards.
class shared_random final : public random_source {
public:
    explicit shared_random(random_source& from) : from_(from) {}
    std::uint64_t next() override {
        const std::lock_guard lock(mutex_);
        return from_.next();
    }

private:
    std::mutex mutex_;
    random_source& from_;  // under mutex_
};

}  // namespace

shard_set::shard_set(const scheduler_config& config, scheduler_dependencies deps)
    : random_(std::make_unique<shared_random>(deps.random)),
      config_(config),
      deps_(adapted(std::move(deps))) {
    if (config.partitions > 1 || !config.owns_all) {
        desk_ = std::make_unique<poll_desk>(config_, deps_, shards_);
    }
    for (std::int32_t p = 0; p < config.partitions; ++p) {
        shards_.push_back(std::make_unique<shard_runner>(model::shard_id{p}, config_, deps_,
                                                         desk_ ? &desk_->board() : nullptr));
    }
}

scheduler_dependencies shard_set::adapted(scheduler_dependencies deps) {
    scheduler_dependencies with{.log = deps.log,
                                .topics = deps.topics,
                                .time = deps.time,
                                .random = *random_,
                                .logger = deps.logger,
                                .fatal = std::move(deps.fatal),
                                .queue_added = {},
                                .simulator = std::move(deps.simulator)};
    with.queue_added = [this, more = std::move(deps.queue_added)](const model::queue_name& queue,
                                                                  std::int32_t priorities) {
        {
            const std::lock_guard lock(queue_mutex_);
            if (std::exchange(queue_book_[queue], priorities) == priorities) {
                return;  // another shard said so
            }
        }
        if (more) {
            more(queue, priorities);
        }
    };
    return with;
}

// ---- start and stop -----------------------------------------------------------------------------

void shard_set::start() {
    for (const auto& shard : shards_) {
        shard->open(config_.owns_all);
    }
    if (desk_) {
        desk_->start();
    }
    for (const auto& shard : shards_) {
        if (config_.owns_all) {
            shard->await_claim();
        }
    }
    joined_ = config_.owns_all;
}

void shard_set::serve() {
    for (const auto& shard : shards_) {
        shard->post([s = shard.get()] { s->core().open_doors(s->now()); });
    }
}

void shard_set::stop_dispatch() {
    if (desk_) {
        desk_->stop_dispatch();
    }
    for (const auto& shard : shards_) {
        shard->post([s = shard.get()] { s->core().stop_dispatch(s->now()); });
    }
}

void shard_set::stop() {
    if (desk_) {
        desk_->stop();
    }
    for (const auto& shard : shards_) {
        shard->stop();
    }
}

bool shard_set::is_ready() const {
    const bool knows = joined_ || std::any_of(shards_.begin(), shards_.end(),
                                              [](const auto& s) { return s->wants(); });
    return knows && std::all_of(shards_.begin(), shards_.end(), [](const auto& shard) {
               return shard->is_owner() || !shard->wants();
           });
}

// ---- to one shard -------------------------------------------------------------------------------

shard_runner* shard_set::shard_at(model::shard_id shard) const {
    const auto at = static_cast<std::size_t>(shard.value());
    return shard.value() >= 0 && at < shards_.size() ? shards_[at].get() : nullptr;
}

shard_runner& shard_set::shard_of_lease(const model::lease_token& lease) const {
    const auto parts = model::decode_lease(lease);
    auto* const shard = parts ? shard_at(parts->shard) : nullptr;
    return shard == nullptr ? *shards_.front() : *shard;
}

template <class Done>
void shard_set::post_to(shard_runner& shard, const Done& done, std::function<void()> call) {
    if (!shard.post(std::move(call))) {
        done(stopping_error());
    }
}

poll_ticket shard_set::poll(poll_request p, callback<result<poll_answer>> done) {
    const auto ticket = next_ticket_.fetch_add(1);
    if (desk_) {
        desk_->poll(ticket, std::move(p), std::move(done));
        return ticket;
    }
    auto& shard = *shards_.front();
    post_to(shard, done, [&shard, ticket, p = std::move(p), done]() mutable {
        shard.poll(ticket, std::move(p), std::move(done));
    });
    return ticket;
}

void shard_set::abandon(poll_ticket ticket) {
    if (desk_) {
        desk_->abandon(ticket);
        return;
    }
    shards_.front()->post([this, ticket] { shards_.front()->abandon(ticket); });
}

void shard_set::give_back(std::vector<model::lease_token> leases) {
    for (const auto& lease : leases) {
        auto& shard = shard_of_lease(lease);
        shard.post([&shard, lease] {
            shard.core().report(0, {lease, report_release{}}, shard.now());
        });
    }
}

void shard_set::report(lease_report r, callback<result<settle_status>> done) {
    auto& shard = shard_of_lease(r.lease);
    post_to(shard, done, [&shard, r = std::move(r), done] {
        const auto id = shard.expect_reply([done](const reply& a) { done(to_result(a)); });
        shard.core().report(id, r, shard.now());
    });
}

void shard_set::heartbeats_at(shard_runner& shard, std::vector<heartbeat> beats,
                              callback<result<std::vector<heartbeat_answer>>> done) {
    post_to(shard, done, [&shard, beats = std::move(beats), done] {
        if (!shard.core().is_owner()) {
            done(model::error{errc::not_owner, "no owner has read the log to its end", ""});
            return;
        }
        auto answers = shard.core().heartbeats(beats, shard.now());  // renewed in any case
        if (!shard.is_fresh()) {
            done(model::error{errc::not_owner, "the log has not been read to its end of late", ""});
            return;
        }
        // A lease is lost by an event, which a power cut must not take back.
        const bool some_lost = std::any_of(answers.begin(), answers.end(),
                                           [](const auto& a) { return a.known && !a.live; });
        const auto last = some_lost ? shard.core().state().applied_offset() : offset{-1};
        shard.when_durable(
            last, [answers = std::move(answers), done]() mutable { done(std::move(answers)); });
    });
}

void shard_set::heartbeats(std::vector<heartbeat> beats,
                           callback<result<std::vector<heartbeat_answer>>> done) {
    std::map<shard_runner*, std::vector<std::size_t>> by_shard;
    for (std::size_t i = 0; i < beats.size(); ++i) {
        by_shard[&shard_of_lease(beats[i].lease)].push_back(i);
    }
    if (by_shard.size() <= 1) {
        auto& shard = by_shard.empty() ? *shards_.front() : *by_shard.begin()->first;
        heartbeats_at(shard, std::move(beats), std::move(done));
        return;
    }
    using answers = result<std::vector<heartbeat_answer>>;
    // Shared by the answers of the shards; the last one goes on.
    const auto all = std::make_shared<collected<answers>>();
    all->left = by_shard.size();
    all->answers.assign(by_shard.size(), std::vector<heartbeat_answer>{});
    std::vector<model::lease_token> leases;
    leases.reserve(beats.size());
    for (const auto& beat : beats) {
        leases.push_back(beat.lease);
    }
    all->done = [by_shard, n = beats.size(), leases, done](const std::vector<answers>& of_shards) {
        std::vector<heartbeat_answer> out(n);
        std::size_t at = 0;
        std::size_t refused = 0;
        for (const auto& [_, members] : by_shard) {
            const auto& one = of_shards[at++];
            refused += one ? 0U : 1U;
            for (std::size_t i = 0; i < members.size(); ++i) {
                out[members[i]] = one ? (*one)[i] : heartbeat_answer{.known = false};
                out[members[i]].lease = leases[members[i]];
            }
        }
        done(refused == of_shards.size() ? answers(of_shards.front().error()) : answers(out));
    };
    std::size_t at = 0;
    for (const auto& [shard, members] : by_shard) {
        std::vector<heartbeat> some;
        for (const auto i : members) {
            some.push_back(beats[i]);
        }
        heartbeats_at(*shard, std::move(some),
                      [all, at](answers answer) { all->put(at, std::move(answer)); });
        ++at;
    }
}

void shard_set::cancel_task(task_place task, callback<result<offset>> done) {
    auto* const shard = shard_at(task.shard);
    if (shard == nullptr) {
        done(model::error{errc::task_unknown, "no task at this place", "id"});
        return;
    }
    post_to(*shard, done, [shard, place = std::move(task.place), done] {
        const auto record = shard->read_task(place);
        if (!record) {
            done(model::error{errc::task_unknown, "no task at this place", "id"});
            return;
        }
        const auto id = shard->expect_reply(
            [done](const reply& r) { done(to_offset(r, errc::already_terminal)); });
        shard->core().cancel(id, record, shard->now());
    });
}

void shard_set::retry_task(task_place task, callback<result<offset>> done) {
    auto* const shard = shard_at(task.shard);
    if (shard == nullptr) {
        done(model::error{errc::task_unknown, "no task at this place", "id"});
        return;
    }
    post_to(*shard, done, [shard, place = std::move(task.place), done] {
        const auto id = shard->expect_reply(
            [done](const reply& r) { done(to_offset(r, errc::not_retriable)); });
        shard->core().retry(id, place, shard->now());
    });
}

void shard_set::reprioritise_task(task_place task, model::priority to,
                                  callback<result<reprioritised>> done) {
    auto* const shard = shard_at(task.shard);
    const auto priorities = priorities_of(task.place.queue);
    if (shard == nullptr || !priorities) {
        done(model::error{errc::task_unknown, "no task at this place", "id"});
        return;
    }
    if (to < model::priority{1} || to > model::priority{*priorities}) {
        done(model::error{errc::bad_field,
                          "the priorities of queue " + task.place.queue.value() + " are 1 to " +
                              std::to_string(*priorities),
                          "priority"});
        return;
    }
    post_to(*shard, done, [shard, to, place = std::move(task.place), done] {
        const auto record = shard->read_task(place);
        if (!record) {
            done(model::error{errc::task_unknown, "no task at this place", "id"});
            return;
        }
        const auto id = shard->expect_reply([done](const reply& r) { done(to_reprioritised(r)); });
        shard->core().reprioritise(id, record, to, shard->now());
    });
}

// ---- controls -----------------------------------------------------------------------------------

void shard_set::set_gate(model::gate g, callback<result<command_receipt>> done) {
    append_control(std::move(g), std::move(done));
}

void shard_set::set_dispatch(model::dispatch d, callback<result<command_receipt>> done) {
    append_control(std::move(d), std::move(done));
}

void shard_set::give_command(model::command c, callback<result<command_receipt>> done) {
    append_control(std::move(c), std::move(done));
}

void shard_set::define_queue(model::queue_defined q, callback<result<command_receipt>> done) {
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

void shard_set::append_control(model::control_body body, callback<result<command_receipt>> done) {
    const auto value = codec::write_control({deps_.time.wall(), std::move(body)});
    deps_.log.append({deps_.topics.control(), 0}, {{"", value, {}}}, eventlog::durability::synced,
                     [this, done](const eventlog::result<offset>& at) {
                         if (at) {
                             await_control(*at, done);
                         } else {
                             done(from_log(at.error()));
                         }
                     });
}

void shard_set::await_control(offset at, const callback<result<command_receipt>>& done) {
    // Shared by all shards; the last one that has seen it answers.
    const auto all = std::make_shared<collected<bool>>();
    all->left = shards_.size();
    all->answers.assign(shards_.size(), false);
    all->done = [at, done](const std::vector<bool>& seen) {
        if (std::find(seen.begin(), seen.end(), false) == seen.end()) {
            done(command_receipt{at, 0});
        } else {
            done(stopping_error());
        }
    };
    for (std::size_t i = 0; i < shards_.size(); ++i) {
        auto* const shard = shards_[i].get();
        if (!shard->post([all, i, shard, at] {
                shard->when_controlled(at, [all, i] { all->put(i, true); });
            })) {
            all->put(i, false);
        }
    }
}

// ---- looking ------------------------------------------------------------------------------------

std::optional<std::int32_t> shard_set::priorities_of(const model::queue_name& queue) const {
    const std::lock_guard lock(queue_mutex_);
    const auto found = queue_book_.find(queue);
    return found == queue_book_.end() ? std::nullopt : std::optional(found->second);
}

model::shard_id shard_set::shard_of(const model::task_id& id) const {
    return model::shard_id{murmur2_partition(id.value(), config_.partitions)};
}

}  // namespace kwq::scheduler
