#include "bench/durations.hpp"

#include <algorithm>
#include <limits>

namespace kwq::bench {

void durations::add(nanoseconds took) {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    micros_.push_back(static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(micros, 0, std::numeric_limits<std::uint32_t>::max())));
}

percentiles durations::look() {
    percentiles out;
    out.count = micros_.size();
    if (micros_.empty()) {
        return out;
    }
    std::sort(micros_.begin(), micros_.end());
    const auto at = [this](std::size_t of_100) {
        return static_cast<double>(
            micros_[std::min(micros_.size() - 1, micros_.size() * of_100 / 100)]);
    };
    out.p50_us = at(50);
    out.p95_us = at(95);
    out.p99_us = at(99);
    out.max_us = static_cast<double>(micros_.back());
    return out;
}

}  // namespace kwq::bench
