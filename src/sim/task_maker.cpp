#include "sim/task_maker.hpp"

#include "base/hash.hpp"

namespace kwq::sim {

namespace {

constexpr std::uint64_t affinity_keys = 3;

}  // namespace

task_maker::task_maker(world& w, naive_model& model)
    : world_(w), model_(model), with_times_(w.below(2) == 0), with_affinity_(w.below(3) == 0) {}

model::task_id task_maker::new_id() {
    ids_.emplace_back("task-" + std::to_string(ids_.size()));
    return ids_.back();
}

model::task_id task_maker::some_id() {
    return ids_.empty() ? model::task_id{"nobody"} : ids_[world_.below(ids_.size())];
}

model::queue_name task_maker::some_queue() {
    const auto& queues = model_.queues();
    if (queues.empty()) {
        return model::queue_name{"default"};
    }
    auto q = queues.begin();
    std::advance(q, static_cast<std::ptrdiff_t>(world_.below(queues.size())));
    return q->first;
}

model::task task_maker::make() {
    model::task t;
    const bool again = !ids_.empty() && world_.chance(60);
    t.id = again ? some_id() : new_id();
    t.queue = some_queue();
    t.job = some_job();
    for (std::uint64_t n = world_.below(3); n > 0; --n) {
        model::tag_name tag{"tag:" + std::to_string(world_.below(5))};
        if (t.tags.empty() || t.tags.back() != tag) {
            t.tags.push_back(std::move(tag));
        }
    }
    t.priority = model::priority{static_cast<std::int32_t>(world_.below(11))};
    t.payload = "{\"of\": \"" + t.id.value() + "\"}";
    if (with_affinity_ && world_.chance(400)) {
        t.affinity.push_back("key-" + std::to_string(world_.below(affinity_keys)));
    }
    t.limits.max_attempts = 1 + static_cast<std::uint32_t>(world_.below(4));
    t.limits.lease = milliseconds{1'000} + world_.up_to(milliseconds{20'000});
    t.limits.backoff = world_.up_to(milliseconds{5'000});
    if (world_.chance(150)) {
        t.limits.timeout = milliseconds{500} + world_.up_to(milliseconds{20'000});
    }
    if (with_times_ && world_.chance(200)) {
        t.not_before = world_.time.wall() + world_.up_to(milliseconds{30'000});
    }
    if (with_times_ && world_.chance(150)) {
        t.expires_at = world_.time.wall() + world_.up_to(milliseconds{60'000});
    }
    return t;
}

std::vector<std::string> task_maker::affinity_of(const model::worker_name& worker) {
    if (!with_affinity_ || hash64(worker.value()) % 2 == 0) {
        return {};
    }
    return {"key-" + std::to_string(hash64(worker.value(), 1) % affinity_keys)};
}

}  // namespace kwq::sim
