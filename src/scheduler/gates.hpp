// gates: what kwq-control says may not be handed out, and the kill switch. A fold of its own,
// small, read from the beginning at each start. Looked at by `decide` only.
#pragma once

#include "base/clock.hpp"
#include "model/event.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace kwq::scheduler {

class gates {
public:
    void apply(const model::gate& g);
    void apply(const model::dispatch& d) { dispatch_ = d; }

    /// The kill switch now: a state with an `until` that has passed is `running`.
    model::dispatch dispatch(instant now) const;
    bool all_paused(instant now) const;
    const model::gate* queue_paused(const model::queue_name& queue, instant now) const;
    bool priority_paused(const model::queue_name& queue, model::priority p, instant now) const;
    bool job_paused(const model::job_name& job, instant now) const;
    bool any_job_paused(instant now) const;

    /// Every pause in force.
    std::vector<model::gate> in_force(instant now) const;
    /// When the next pause ends by itself.
    std::optional<instant> next_change(instant now) const;

private:
    static bool holds(const std::optional<model::gate>& g, instant now);

    std::optional<model::gate> all_;
    std::map<model::queue_name, model::gate> queues_;
    std::map<std::pair<model::queue_name, model::priority>, model::gate> priorities_;
    std::map<model::job_name, model::gate> jobs_;
    model::dispatch dispatch_;
};

}  // namespace kwq::scheduler
