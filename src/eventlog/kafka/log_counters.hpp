// log_counters: what the Kafka log counts of itself, for the metrics page. Any thread.
#pragma once

#include "observe/metrics.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace kwq::eventlog::kafka {

/// Finer than base/clock.hpp's milliseconds; nothing depends on it.
using mono_clock = std::chrono::steady_clock;

class timed {
public:
    void observe(mono_clock::time_point since) {
        // tidy: words, because whole milliseconds are too coarse for what takes less than one
        seconds_.observe(std::chrono::duration<double>(mono_clock::now() - since).count());
    }
    observe::histogram_snapshot snapshot() const { return seconds_.snapshot(); }

private:
    observe::latency_histogram seconds_{observe::request_bounds};
};

struct log_counters {
    timed append;     // from the call to its answer: acknowledged and read back
    timed read_back;  // from the acknowledgement to the answer
    std::atomic<std::uint64_t> new_tails{0};
    std::atomic<std::uint64_t> new_producers{0};
    std::atomic<std::uint64_t> never_read_back{0};
    std::atomic<std::int64_t> lag{0};  // records in the cluster, not read here, at the last look
};

void add_group_metrics(std::uint64_t rebalances, observe::metrics_page& page);

}  // namespace kwq::eventlog::kafka
