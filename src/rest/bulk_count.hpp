// bulk_count: how many tasks a filter finds, from counters where there are some, else by looking at
// a bounded number of rows.
#pragma once

#include "rest/context.hpp"
#include "tracker/tracker.hpp"

#include <functional>

namespace kwq::rest {

struct bulk_total {
    std::uint64_t matched = 0;
    bool exact = true;  // else at least so many
};

/// `done` runs on the context's loop.
void count_tasks(context& c, const tracker::task_filter& filter, tracker::positions after,
                 std::function<void(model::result<bulk_total>)> done);

}  // namespace kwq::rest
