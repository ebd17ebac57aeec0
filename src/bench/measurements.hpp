// measurements: the loads of `kwq bench`. Closed loop: each connection sends its next request when
// it has its answer. Open loop (a rate): requests fall due by the clock whether answers come or
// not, and a call is timed from when it was due, so that a server that stalls cannot hide it.
#pragma once

#include "bench/bodies.hpp"
#include "bench/durations.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace kwq::bench {

struct load_plan {
    net::client_config server;
    task_shape shape;
    std::size_t tasks = 10'000;
    std::size_t producers = 16;  // connections that submit
    std::size_t workers = 16;    // connections that take and complete
    std::size_t batch = 1;       // tasks in a request, 1..1000
    double rate = 0;             // submits (tasks a second); 0: closed loop
    std::chrono::seconds give_up{600};
};

struct measurement {
    std::size_t tasks = 0;    // submitted, or completed where workers are part of it
    double seconds = 0;       // until the last answer
    double tracked_s = 0;     // until the tracker counted them too; 0: not asked
    std::size_t refused = 0;  // requests answered 429, 503 or 507
    std::size_t failed = 0;   // settles refused, and other answers that are not 2xx
    percentiles submit;       // calls
    percentiles take;         // calls; with `latency`: from submitting to having the lease
};

/// Submits tasks and nothing else.
measurement measure_submit(const load_plan& plan);
/// Takes and completes tasks that are there.
measurement measure_work(const load_plan& plan);
/// Both at once, until all are complete and tracked.
measurement measure_cycle(const load_plan& plan);
/// One worker waits, one task is submitted; again and again.
measurement measure_latency(const load_plan& plan);

/// Requests that touch nothing (`/livez`): what HTTP alone costs on this machine.
measurement measure_ping(const load_plan& plan);

}  // namespace kwq::bench
