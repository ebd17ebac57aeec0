// overload: `kwq bench overload`. Submits fall due at a rate whether the server can take them or
// not, while workers take, renew and complete; tells by class of request what was admitted, how
// long that took, what was refused, and whether a lease was lost.
//
// A submit for which no connection is free when it falls due is not sent: its client has gone. So
// the times are those of the server, and the load stays what was asked for.
#pragma once

#include "bench/load_plan.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <vector>

namespace kwq::bench {

struct overload_plan {
    load_plan load;  // rate, producers, workers; each worker has one task at a time
    std::chrono::seconds time{60};
    std::size_t held = 100;  // leases that are only renewed, every two seconds
};

enum class request_class : unsigned char { submit, take, complete, heartbeat };
inline constexpr std::size_t request_classes = 4;

struct class_figures {
    std::size_t refused = 0;  // 429, 503, 507
    std::size_t failed = 0;
    percentiles admitted;
};

struct overload_measurement {
    double seconds = 0;
    std::size_t offered = 0;      // submits that fell due
    std::size_t unsent = 0;       // of these: no connection was free
    std::size_t leases_lost = 0;  // the server said so
    std::array<class_figures, request_classes> by_class;
    std::vector<std::size_t> completed;  // in each second
};

overload_measurement measure_overload(const overload_plan& plan);

}  // namespace kwq::bench
