// depth: `kwq bench depth`. Fills a server with waiting tasks, then hands some of them out, and
// tells what so many tasks that wait cost it.
#pragma once

#include "bench/load_plan.hpp"
#include "bench/server_view.hpp"

#include <cstddef>

namespace kwq::bench {

struct depth_plan {
    load_plan load;          // tasks: how many wait; batch: of the requests that take
    std::size_t paused = 0;  // more of a paused job, submitted when half of the others are there
    std::size_t take = 5'000;
};

struct depth_measurement {
    std::size_t queued = 0;
    double load_s = 0;     // until all were submitted
    double tracked_s = 0;  // until the tracker had counted them too
    measurement dispatch;
    server_cost empty, loaded, after;  // before anything; all there and at rest; some handed out
};

/// Throws load_failure, also when a submit is refused.
depth_measurement measure_depth(const depth_plan& plan);

}  // namespace kwq::bench
