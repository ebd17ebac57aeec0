// driver: runs the loops of every process of the world, one turn at a time, in an order of chance.
// Here a thread is nothing but a loop that has something to do.
#pragma once

#include "base/run_loop.hpp"
#include "sim/world.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace kwq::sim {

/// The loops of one process, and how they end together.
class loop_group final : public loop_driver {
public:
    /// `step` does the next thing in the whole world.
    loop_group(world& w, std::function<void()> step) : world_(w), step_(std::move(step)) {}

    void add(run_loop& loop) override { loops_.push_back(&loop); }
    void remove(run_loop& loop) override { std::erase(loops_, &loop); }
    /// The world goes on meanwhile; false also when the process dies.
    bool run_until(const std::function<bool()>& done, milliseconds patience) override;

    /// Loops that could have a turn now.
    std::size_t runnable() const;
    /// Gives the n-th of them its turn. A turn that throws ends the process, as it ends a thread.
    void run(std::size_t n);
    std::optional<mono_time> next_turn() const;

    /// SIGSTOP until then.
    void suspend(mono_time until) { suspended_until_ = until; }
    bool is_suspended() const { return world_.now() < suspended_until_; }
    /// No turn any more.
    void die() { dead_ = true; }
    bool is_dead() const { return dead_; }
    std::uint64_t turns() const { return turns_; }

private:
    bool is_due(run_loop& loop) const;

    world& world_;
    std::function<void()> step_;
    std::vector<run_loop*> loops_;
    mono_time suspended_until_{};
    bool dead_ = false;
    std::uint64_t turns_ = 0;
};

}  // namespace kwq::sim
