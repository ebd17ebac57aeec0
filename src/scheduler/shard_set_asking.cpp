// What is asked of every shard, and put together to one answer.
#include "scheduler/collected.hpp"
#include "scheduler/shard_answers.hpp"
#include "scheduler/shard_set.hpp"

#include <memory>
#include <utility>

namespace kwq::scheduler {

/// A shard that has stopped answers with nothing.
template <class T, class Each>
void shard_set::ask_each(Each each, callback<std::vector<T>> done) {
    // Shared by the answers of the shards; the last one goes on.
    const auto all = std::make_shared<collected<T>>();
    all->left = shards_.size();
    all->answers.resize(shards_.size());
    all->done = std::move(done);
    for (std::size_t at = 0; at < shards_.size(); ++at) {
        auto* const shard = shards_[at].get();
        if (!shard->post([all, at, shard, each] { all->put(at, each(*shard)); })) {
            all->put(at, T{});
        }
    }
}

void shard_set::depths(callback<std::vector<lane_depth>> done) {
    using list = std::vector<lane_depth>;
    ask_each<list>([](shard_runner& s) { return s.depths(); },
                   [done](const std::vector<list>& of_shards) {
                       list all;
                       for (const auto& some : of_shards) {
                           all.insert(all.end(), some.begin(), some.end());
                       }
                       done(std::move(all));
                   });
}

void shard_set::leases_of(model::worker_name worker, callback<std::vector<lease_info>> done) {
    using list = std::vector<lease_info>;
    ask_each<list>([worker](shard_runner& s) { return s.core().leases_of(worker, s.now()); },
                   [done](const std::vector<list>& all) { done(merge(all)); });
}

void shard_set::workers(callback<std::vector<worker_info>> done) {
    using list = std::vector<worker_info>;
    const auto each = [](shard_runner& s) { return s.core().workers().list(); };
    if (!desk_) {
        ask_each<list>(each, [done](const std::vector<list>& all) { done(all.front()); });
        return;
    }
    desk_->look([this, done, each](const poll_desk::view& desk) {
        ask_each<list>(each, [done, first = desk.workers](std::vector<list> all) {
            all.insert(all.begin(), first);
            done(merge(all));
        });
    });
}

void shard_set::dispatch(callback<dispatch_info> done) {
    ask_each<dispatch_info>(
        [](shard_runner& s) {
            const auto& core = s.core();
            const auto d = core.control().dispatch(s.now().at);
            return dispatch_info{d.state, d.until, d.reason,
                                 static_cast<std::uint32_t>(core.state().leases().size())};
        },
        [done](const std::vector<dispatch_info>& all) { done(merge(all)); });
}

void shard_set::queues(callback<std::vector<queue_info>> done) {
    using list = std::vector<queue_info>;
    const auto each = [](shard_runner& s) { return queues_of(s.core(), s.now()); };
    if (!desk_) {
        ask_each<list>(each, [done](const std::vector<list>& all) { done(all.front()); });
        return;
    }
    desk_->look([this, done, each](const poll_desk::view& desk) {
        ask_each<list>(each, [done, waiting = desk.waiting](const std::vector<list>& all) {
            auto merged = merge(all);
            for (auto& q : merged) {
                const auto found = waiting.find(q.queue);
                q.waiting_workers = found == waiting.end() ? 0 : found->second;
            }
            done(std::move(merged));
        });
    });
}

void shard_set::log_needs(callback<std::vector<eventlog::log_need>> done) {
    using list = std::vector<eventlog::log_need>;
    ask_each<list>([](shard_runner& s) { return s.log_needs(); },
                   [done](const std::vector<list>& all) { done(merge(all)); });
}

void shard_set::gates(callback<std::vector<model::gate>> done) {
    auto& any = *shards_.front();
    if (!any.post([&any, done] { done(any.core().control().in_force(any.now().at)); })) {
        done({});
    }
}

void shard_set::stats(callback<scheduler_stats> done) {
    const auto each = [](shard_runner& s) { return s.stats(); };
    if (!desk_) {
        ask_each<scheduler_stats>(
            each, [done](const std::vector<scheduler_stats>& all) { done(all.front()); });
        return;
    }
    desk_->look([this, done, each](const poll_desk::view& desk) {
        ask_each<scheduler_stats>(each, [done, desk](const std::vector<scheduler_stats>& all) {
            auto merged = merge(all);
            merged.polls = desk.polls;
            merged.polls_empty = desk.polls_empty;
            merged.waiting_polls = desk.waiting_polls;
            done(merged);
        });
    });
}

void shard_set::shards(callback<std::vector<shard_info>> done) {
    std::vector<shard_info> all;
    for (const auto& shard : shards_) {
        all.push_back(shard->info());
    }
    done(std::move(all));
}

}  // namespace kwq::scheduler
