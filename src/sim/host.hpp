// host: where the server lives and dies: the log, the machines with their states, the process that
// answers clients, and sometimes an older one that does not know yet that it is none any more. It
// is where crashes happen.
#pragma once

#include "eventlog/simulated/simulated_log.hpp"
#include "sim/naive_model.hpp"
#include "sim/process.hpp"
#include "sim/promises.hpp"
#include "sim/world.hpp"

#include <array>
#include <functional>
#include <memory>
#include <vector>

namespace kwq::sim {

class host {
public:
    /// `step` does the next thing in the whole world: a process that starts waits for its claim.
    host(world& w, std::function<void()> step);
    ~host();

    /// Brings up a process if there is none, buries the dead; never from within a step.
    void keep_alive();
    /// Faults of process and machine that strike between two steps.
    void strike();
    /// No faults any more: the old process goes, the disk is well.
    void heal();
    /// Ends the process and starts another without any state: what is rebuilt must be the same.
    void rebuild();

    /// The process that answers clients now, or null.
    process* reach() const { return current_ && current_->is_alive() ? current_.get() : nullptr; }
    eventlog::simulated_log& log() { return log_; }
    const eventlog::topic_names& topics() const { return topics_; }
    naive_model& model() { return model_; }
    const naive_model& model() const { return model_; }
    promises& told() { return promises_; }

    // ---- what can be done next ----
    std::size_t runnable() const;
    void run(std::size_t n);
    bool log_is_busy() const;
    void step_log();
    std::optional<mono_time> next_turn() const;

private:
    void change_weather();
    void count_disk_faults();
    void cut_power();
    void lose_states();
    bool is_replaced() const;
    void end(std::unique_ptr<process>& p);
    scheduler::scheduler_config draw_config();

    world& world_;
    const std::function<void()> step_;
    const eventlog::topic_names topics_;
    eventlog::simulated_log log_;
    bases noted_;
    naive_model model_;
    promises promises_;
    // A new owner beside the old one has states of its own.
    std::array<machine, 2> machines_;
    std::size_t machine_ = 0;
    std::unique_ptr<observe::logger> logger_;
    const scheduler::scheduler_config config_;
    std::unique_ptr<process> current_;
    std::unique_ptr<process> old_;
    std::vector<std::unique_ptr<process>> dead_;  // callbacks of the log may still point to them
    std::uint64_t processes_ = 0;
    mono_time up_again_at_{}, log_stalled_until_{};
    eventlog::simulated_log::struck counted_;
};

}  // namespace kwq::sim
