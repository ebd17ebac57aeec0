#include "sim/process.hpp"

#include "scheduler/invariants.hpp"

#include <stdexcept>
#include <utility>

namespace kwq::sim {

namespace {

/// The state of a fold as its process sees it: it fails as disks fail, and not after death.
class process_state final : public store::kv {
public:
    process_state(store::memory_rows& rows, process_log& calls, world& w)
        : kv_(store::make_memory_kv(rows)), calls_(calls), world_(w) {}

    std::optional<std::string> get(std::string_view key) const override { return kv_->get(key); }
    void put(std::string_view key, std::string_view value) override { kv_->put(key, value); }
    void erase(std::string_view key) override { kv_->erase(key); }
    void merge(std::string_view key, std::string_view operand) override {
        kv_->merge(key, operand);
    }
    void scan(std::string_view prefix, std::string_view from, const visitor& v) const override {
        kv_->scan(prefix, from, v);
    }
    void scan_back(std::string_view prefix, std::string_view before,
                   const visitor& v) const override {
        kv_->scan_back(prefix, before, v);
    }
    void commit() override {
        calls_.count_call();
        if (calls_.is_cut_off()) {
            return;
        }
        if (world_.strikes(&faults::state_failed)) {
            throw store::storage_failure("the disk of the state has failed");
        }
        kv_->commit();
    }
    std::size_t uncommitted_bytes() const override { return kv_->uncommitted_bytes(); }
    void clear() override {
        if (!calls_.is_cut_off()) {
            kv_->clear();
        }
    }

private:
    std::unique_ptr<store::kv> kv_;
    process_log& calls_;
    world& world_;
};

}  // namespace

struct process::checked {
    scheduler::invariants invariants;
    std::uint64_t events = 0;
};

process::process(parts p)
    : parts_(std::move(p)),
      life_(parts_.around, parts_.step),
      scheduler_log_(parts_.on.log, parts_.on.topics, life_, parts_.noted,
                     "s" + std::to_string(parts_.number)),
      tracker_log_(parts_.on.log, parts_.on.topics, life_, parts_.noted,
                   "t" + std::to_string(parts_.number)),
      front_log_(parts_.on.log, parts_.on.topics, life_, parts_.noted,
                 "f" + std::to_string(parts_.number)),
      checked_(std::make_unique<checked>()) {}

process::~process() {
    bury();
}

store::opener process::opener_of(store::memory_rows& rows, process_log& calls) {
    return [this, &rows, &calls]() -> std::unique_ptr<store::kv> {
        return std::make_unique<process_state>(rows, calls, parts_.around);
    };
}

scheduler::scheduler_dependencies process::scheduler_needs() {
    return {.log = scheduler_log_,
            .topics = parts_.on.topics,
            .time = parts_.around.time,
            .random = parts_.around.random,
            .logger = parts_.logger,
            .fatal = [this](const std::string&) { life_.die(); },
            .queue_added =
                [this](const model::queue_name& queue, std::int32_t priorities) {
                    tracker_->queue_added(queue, priorities);
                },
            .simulator = {.driver = &life_,
                          .open_state = opener_of(parts_.on.scheduler_state, scheduler_log_),
                          .after_event = [this](const scheduler::shard& s, model::offset at,
                                                const scheduler::applied& a) {
                              after_event(s, at, a);
                          }}};
}

tracker::tracker_dependencies process::tracker_needs() {
    return {.log = tracker_log_,
            .topics = parts_.on.topics,
            .time = parts_.around.time,
            .logger = parts_.logger,
            .fatal = [this](const std::string&) { life_.die(); },
            .driver = &life_,
            .open_state = opener_of(parts_.on.tracker_state, tracker_log_)};
}

bool process::start() {
    for (const auto& topic :
         {parts_.on.topics.status(), parts_.on.topics.control(), parts_.on.topics.rejected()}) {
        if (!front_log_.ensure_topic(topic, 1)) {
            return false;
        }
    }
    try {
        scheduler_ = scheduler::make_scheduler(parts_.config, scheduler_needs());
        tracker_ = tracker::make_tracker({}, tracker_needs());
        scheduler_->start();
        tracker_->start();
    } catch (const violation&) {
        throw;
    } catch (const std::runtime_error& e) {
        parts_.around.past.explain(std::string("it does not come up: ") + e.what());
        life_.die();
        return false;
    }
    scheduler_->serve();
    started_ = true;
    return true;
}

void process::stop_gently() {
    started_ = false;
    core_ = nullptr;
    try {
        scheduler_->stop_dispatch();
        scheduler_->stop();
        tracker_->stop();
    } catch (const store::storage_failure& e) {
        parts_.around.past.explain(std::string("the process ends: ") + e.what());
    }
    life_.die();
}

void process::kill() {
    life_.die();
}

void process::kill_at_call(std::uint64_t n) {
    (parts_.around.below(4) == 0 ? tracker_log_ : scheduler_log_).die_at_call(n);
}

void process::bury() {
    if (std::exchange(buried_, true)) {
        return;
    }
    life_.die();
    core_ = nullptr;
    scheduler_.reset();
    tracker_.reset();
}

/// Is the state still right, and does the model say the same of the event?
void process::after_event(const scheduler::shard& s, model::offset at,
                          const scheduler::applied& a) {
    core_ = &s;
    auto& c = *checked_;
    // A walk over all that is in memory: with many leases, not after each event.
    const auto size = s.state().leases().size() + s.waiting_polls();
    if (++c.events % (1 + size / 32) == 0) {
        if (const auto broken = c.invariants.broken_since(s)) {
            world::broken("invariant: " + *broken);
        }
        parts_.around.counts.happened("check: invariants");
    }
    if (at >= parts_.model.status_end()) {
        parts_.model.catch_up();  // a flush has just placed it
    }
    const auto& v = parts_.model.verdict(at);
    // Why an event does not count is another's question, once its task is forgotten.
    const bool both_void =
        v && v->forgotten && v->reason != void_reason::none && !a.verdict.accepted();
    if (!v || (v->reason != a.verdict.reason && !both_void)) {
        world::broken("the scheduler says " + std::string(to_string(a.verdict.reason)) +
                      ", the model " + std::string(v ? to_string(v->reason) : "nothing") + " of " +
                      std::to_string(at.value()));
    }
    parts_.around.counts.happened("check: verdict");
}

}  // namespace kwq::sim
