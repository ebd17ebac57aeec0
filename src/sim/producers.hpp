// producers: submit tasks of every kind, repeat what was not answered, and sometimes append to the
// topics themselves.
#pragma once

#include "sim/front.hpp"
#include "sim/naive_model.hpp"
#include "sim/network.hpp"
#include "sim/task_maker.hpp"
#include "sim/world.hpp"

#include <vector>

namespace kwq::sim {

class producers {
public:
    producers(world& w, network& net, front& to, task_maker& maker, eventlog::event_log& log,
              const eventlog::topic_names& topics)
        : world_(w), net_(net), front_(to), maker_(maker), log_(log), topics_(topics) {}

    /// `count` of them, each at its own pace until the world is calm.
    void begin(int count);
    /// How many requests still wait for an answer.
    std::size_t waiting() const { return waiting_; }

private:
    void act(milliseconds pace);
    void submit(std::vector<model::task> tasks, int tries);
    void append_directly();
    void append_garbage();

    world& world_;
    network& net_;
    front& front_;
    task_maker& maker_;
    eventlog::event_log& log_;
    const eventlog::topic_names& topics_;
    std::size_t waiting_ = 0;
};

}  // namespace kwq::sim
