// error_detail: what is kept of an error group beside its sums: samples, and a count for each
// minute of the last hour, by the times that events carry.
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace kwq::tracker {

inline constexpr std::size_t minutes_of_trend = 60;
inline constexpr std::size_t max_error_samples = 10;

/// One failure, as samples keep it.
struct failure {
    model::task_id id;
    instant at;
    model::worker_name worker;
    std::string message;
};

struct error_detail {
    std::string message;           // normalised
    std::vector<failure> samples;  // the newest, oldest first
    std::int64_t newest_minute = 0;
    std::array<std::uint32_t, minutes_of_trend> minutes{};  // by number modulo their count

    void add(const failure& f);
    /// Of the hour before `now`, oldest first.
    std::vector<std::uint32_t> trend(instant now) const;
};

}  // namespace kwq::tracker
