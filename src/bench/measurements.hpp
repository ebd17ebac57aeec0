// measurements: the loads of `kwq bench`. Closed loop: each connection sends its next request when
// it has its answer. Open loop (a rate): requests fall due by the clock whether answers come or
// not, and a call is timed from when it was due, so that a server that stalls cannot hide it.
// All of them throw load_failure when the server cannot be reached or takes longer than allowed.
#pragma once

#include "bench/load_plan.hpp"

namespace kwq::bench {

/// Submits tasks and nothing else.
measurement measure_submit(const load_plan& plan);
/// Takes and completes tasks that are there; ends early, with some missing, when there are fewer.
measurement measure_work(const load_plan& plan);
/// Both at once, until all that were taken in are complete and tracked.
measurement measure_cycle(const load_plan& plan);
/// One worker waits, one task is submitted; again and again.
measurement measure_latency(const load_plan& plan);

/// Requests that touch nothing (`/livez`): what HTTP alone costs on this machine.
measurement measure_ping(const load_plan& plan);

}  // namespace kwq::bench
