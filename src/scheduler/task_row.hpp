// task_row: what a shard keeps of a task that an event has named, and its bytes in the store.
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"
#include "model/lifecycle.hpp"

#include <string>
#include <string_view>

namespace kwq::scheduler {

struct task_row {
    model::task_id id;  // empty once settled: the id index keeps it
    model::job_name job;
    model::task_facts facts;
    model::worker_name worker;  // leased: who has it
    instant allocated_at{0};    // leased: when, for people
    instant settled_at{0};      // complete, cancelled, duplicate, rejected: event time

    friend bool operator==(const task_row&, const task_row&) = default;
};

/// Ended for good: only enough is kept to answer a repeated report and to know the place is used.
bool is_settled(model::place p);

std::string encode_row(const task_row& row);
task_row decode_row(std::string_view bytes);

}  // namespace kwq::scheduler
