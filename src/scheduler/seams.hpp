// seams: how the simulator takes part in a scheduler. Empty in production.
#pragma once

#include "base/run_loop.hpp"
#include "model/ids.hpp"
#include "store/kv.hpp"

#include <functional>

namespace kwq::scheduler {

class shard;
struct applied;

struct seams {
    loop_driver* driver = nullptr;  // runs the shard's loop; null: a thread does
    store::opener open_state;       // empty: what the configuration says
    /// Called after each event that was read back, with what became of it. The shard's loop.
    std::function<void(const shard&, model::offset, const applied&)> after_event;
};

}  // namespace kwq::scheduler
