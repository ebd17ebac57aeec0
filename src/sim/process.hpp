// process: one life of the server: the production scheduler and the production tracker, started as
// the application starts them, on a log and on states that outlive it. It dies as processes do: at
// once, and nothing it does afterwards has an effect.
#pragma once

#include "scheduler/scheduler.hpp"
#include "sim/driver.hpp"
#include "sim/naive_model.hpp"
#include "sim/process_log.hpp"
#include "sim/promises.hpp"
#include "store/memory_kv.hpp"
#include "tracker/tracker.hpp"

#include <functional>
#include <memory>
#include <string>

namespace kwq::sim {

/// What a process finds when it starts and leaves behind.
struct machine {
    eventlog::event_log& log;
    const eventlog::topic_names& topics;
    store::memory_rows scheduler_state{8};
    store::memory_rows tracker_state{8};
};

class process {
public:
    struct parts {
        machine& on;
        world& around;
        bases& noted;
        naive_model& model;
        observe::logger& logger;
        std::function<void()> step;  // the next thing in the world
        scheduler::scheduler_config config;
        std::uint64_t number = 0;
    };
    explicit process(parts p);
    ~process();

    /// False when it died on the way up.
    bool start();
    void stop_gently();
    /// kill -9. Its objects go by bury(), when none of their code is running.
    void kill();
    void bury();

    bool is_alive() const { return !life_.is_dead() && started_; }
    bool is_dead() const { return life_.is_dead(); }
    bool is_buried() const { return buried_; }
    std::uint64_t number() const { return parts_.number; }
    const std::string& owner() const { return parts_.config.owner; }
    loop_group& life() { return life_; }
    /// Dies in the middle of something, soon.
    void kill_at_call(std::uint64_t n);

    scheduler::scheduler& scheduler() { return *scheduler_; }
    tracker::tracker& tracker() { return *tracker_; }
    eventlog::event_log& log() { return front_log_; }
    /// The scheduler's core, to be compared with: null before its first event.
    const scheduler::shard* core() const { return core_; }

private:
    scheduler::scheduler_dependencies scheduler_needs();
    tracker::tracker_dependencies tracker_needs();
    store::opener opener_of(store::memory_rows& rows, process_log& calls);
    void after_event(const scheduler::shard& s, model::offset at, const scheduler::applied& a);

    parts parts_;
    loop_group life_;
    process_log scheduler_log_;
    process_log tracker_log_;
    process_log front_log_;
    std::unique_ptr<tracker::tracker> tracker_;
    std::unique_ptr<scheduler::scheduler> scheduler_;
    struct checked;
    std::unique_ptr<checked> checked_;
    const scheduler::shard* core_ = nullptr;
    bool started_ = false;
    bool buried_ = false;
};

}  // namespace kwq::sim
