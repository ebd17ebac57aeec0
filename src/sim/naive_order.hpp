// naive_order: was it this task's turn? Judged by what the owner had read when it allocated: no
// task of a higher priority of the queue, and none of the same job before it, may have been ready
// and known then and still have waited. Soft affinity may
// prefer a task of its own. Of one priority, only tasks that never left their place are compared:
// one that comes back may find that others have been read ahead of it; and when the read-ahead is
// full and drops tasks, their order is not promised at all.
#pragma once

#include "sim/naive_model.hpp"

namespace kwq::sim {

class naive_order {
public:
    explicit naive_order(const naive_model& m) : model_(m) {}

    /// `r`: the record of this `allocated` event, about to be applied.
    void check(const model::event& e, const eventlog::log_record& r) const;

private:
    struct view;

    void check_higher(const model::allocated& a, const view& v) const;
    void check_earlier(const model::allocated& a, const naive_task& mine, const view& v) const;
    bool was_ready(const model::record& where, const view& v, bool turn_before) const;
    bool is_held_back(const model::record& where, const model::job_name& job, const view& v) const;
    bool prefers(const naive_task& t, const model::worker_name& worker) const;

    const naive_model& model_;
};

}  // namespace kwq::sim
