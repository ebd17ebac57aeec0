// load_plan: what a measurement is to do, and what comes of it.
#pragma once

#include "bench/bodies.hpp"
#include "bench/durations.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <cstddef>

namespace kwq::bench {

struct load_plan {
    net::client_config server;
    task_shape shape;
    std::size_t first = 0;  // number of the first task
    std::size_t tasks = 10'000;
    std::size_t producers = 16;         // connections that submit
    std::size_t workers = 16;           // connections that take and complete
    std::size_t batch = 1;              // tasks in a request, 1..1000
    double rate = 0;                    // submits (tasks a second); 0: closed loop
    std::chrono::seconds give_up{600};  // for each part of it that waits
    std::chrono::seconds dry_after{5};  // workers end when nobody found a task for so long
};

struct measurement {
    std::size_t tasks = 0;    // submitted, or completed where workers are part of it
    std::size_t missing = 0;  // asked for, but not there to be completed
    double seconds = 0;       // until the last answer that counts
    double tracked_s = 0;     // until the tracker counted them too; 0: not asked
    std::size_t refused = 0;  // requests answered 429, 503 or 507
    std::size_t failed = 0;   // settles refused, and other answers that are not 2xx
    percentiles submit;       // calls
    percentiles take;         // calls; with `latency`: from submitting to having the lease
};

}  // namespace kwq::bench
