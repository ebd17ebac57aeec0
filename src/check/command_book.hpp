// command_book: the commands in force (cancel or retry of a job, a queue emptied) as they were
// copied into the status partition. A command is one event whatever the number of tasks, so a
// task's line is brought up to date when it is looked at.
#pragma once

#include "check/task_table.hpp"
#include "model/event.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace kwq::check {

class command_book {
public:
    void add(model::offset at_offset, instant at, const model::control& c);
    bool empty() const { return by_job_.empty() && by_queue_.empty(); }
    /// Applies what was commanded after the line was moved last.
    void update(task_line& t, task_table& table) const;

private:
    struct entry {
        std::int64_t offset;
        instant at;
        model::control what;
    };
    static void apply(const entry& e, task_line& t, const lane& l, std::int64_t offset);

    std::unordered_map<model::job_name, std::vector<entry>> by_job_;
    std::unordered_map<model::queue_name, std::vector<entry>> by_queue_;
};

}  // namespace kwq::check
