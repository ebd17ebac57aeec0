// durations: how long each of many calls took, and the percentiles of that. Keeps four bytes a
// call, so that no percentile is an estimate.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace kwq::bench {

using nanoseconds = std::chrono::nanoseconds;

struct percentiles {  // microseconds; zeros when nothing was timed
    std::uint64_t count = 0;
    double p50_us = 0, p95_us = 0, p99_us = 0, max_us = 0;
};

class durations {
public:
    void add(nanoseconds took);
    std::size_t count() const { return micros_.size(); }
    /// Sorts what was added so far.
    percentiles look();

private:
    std::vector<std::uint32_t> micros_;  // above 71 minutes: 71 minutes
};

}  // namespace kwq::bench
