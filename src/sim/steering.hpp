// steering: what people do meanwhile: pause and resume, the kill switch, cancel and retry of single
// tasks and whole jobs, emptied queues, new queues.
#pragma once

#include "sim/front.hpp"
#include "sim/network.hpp"
#include "sim/task_maker.hpp"
#include "sim/world.hpp"

#include <vector>

namespace kwq::sim {

class steering {
public:
    steering(world& w, network& net, front& to, task_maker& maker, naive_model& model,
             const eventlog::topic_names& topics)
        : world_(w), net_(net), front_(to), maker_(maker), model_(model), topics_(topics) {}

    void begin();
    /// Everything that was ever paused goes on; repeated until each is confirmed.
    void resume_all();
    bool all_resumed() const { return to_resume_ == 0; }

private:
    void act(milliseconds pace);
    void some_gate();
    void some_dispatch();
    void some_command();
    void some_task();
    void some_move();
    void retry_dead();
    std::vector<model::record> tasks_in(place wanted) const;
    void give(const model::control_body& what, int tries, bool counted);
    model::gate gate_of_some_scope();
    std::vector<std::vector<model::topic_end>> ends(process& p,
                                                    const model::queue_name* only) const;

    world& world_;
    network& net_;
    front& front_;
    task_maker& maker_;
    naive_model& model_;
    const eventlog::topic_names& topics_;
    std::vector<model::gate> paused_;
    std::uint64_t queues_made_ = 0;
    std::size_t to_resume_ = 0;
};

}  // namespace kwq::sim
