// task_maker: tasks with every field at random, new ones and ones that are there already.
#pragma once

#include "model/task.hpp"
#include "sim/naive_model.hpp"
#include "sim/world.hpp"

#include <string>
#include <vector>

namespace kwq::sim {

class task_maker {
public:
    task_maker(world& w, naive_model& model);

    model::task make();
    model::queue_name some_queue();
    model::job_name some_job() { return model::job_name{"job-" + std::to_string(world_.below(4))}; }
    model::task_id some_id();
    /// The same for a worker of this name for ever.
    std::vector<std::string> affinity_of(const model::worker_name& worker);

private:
    model::task_id new_id();

    world& world_;
    naive_model& model_;
    const bool with_times_;
    const bool with_affinity_;
    std::vector<model::task_id> ids_;
};

}  // namespace kwq::sim
