// What of the shards is about other instances: which to own, what others have, what nobody owns.
#include "scheduler/shard_answers.hpp"
#include "scheduler/shard_set.hpp"

#include <utility>

namespace kwq::scheduler {

void shard_set::advertise(std::string url) {
    url_ = std::move(url);
    for (const auto& shard : shards_) {
        shard->claim_if_last(url_);
    }
}

void shard_set::take_over(const std::vector<model::shard_id>& shards) {
    for (const auto id : shards) {
        if (auto* const shard = shard_at(id)) {
            shard->take_over();
        }
    }
}

void shard_set::own(const std::vector<model::shard_id>& shards) {
    for (const auto id : shards) {
        if (auto* const shard = shard_at(id)) {
            shard->own(url_);
        }
    }
    joined_ = true;
}

void shard_set::disown(const std::vector<model::shard_id>& shards) {
    for (const auto id : shards) {
        if (auto* const shard = shard_at(id)) {
            shard->disown();
        }
    }
}

std::optional<shard_info> shard_set::shard(model::shard_id id) const {
    const auto* const shard = shard_at(id);
    return shard == nullptr ? std::nullopt : std::optional(shard->info());
}

ready_levels shard_set::ready_tasks() const {
    return desk_ ? desk_->board().all() : ready_levels{};
}

void shard_set::set_others(std::map<std::string, ready_levels> ready) {
    desk_->board().set_others(std::move(ready));
}

void shard_set::append_report(lease_report r, callback<result<settle_status>> done) {
    auto& shard = shard_of_lease(r.lease);
    if (!shard.post([&shard, r = std::move(r), done] { shard.append_report(r, done); })) {
        done(stopping_error());
    }
}

void shard_set::confirm_end(model::shard_id id, offset end, mono_time asked_at) {
    if (auto* const shard = shard_at(id)) {
        shard->post([shard, end, asked_at] { shard->confirm_end(end, asked_at); });
    }
}

}  // namespace kwq::scheduler
