#include "tracker/error_detail.hpp"

#include "tracker/rows.hpp"

#include <algorithm>
#include <tuple>

namespace kwq::tracker {

namespace {

constexpr std::size_t sample_bytes = 500;
constexpr std::int64_t minute_ms = 60'000;

bool older(const failure& a, const failure& b) {
    return std::tie(a.at, a.id) < std::tie(b.at, b.id);
}

std::int64_t minute_of(instant at) {
    return std::max<std::int64_t>(at.value(), 0) / minute_ms;
}

}  // namespace

void error_detail::add(const failure& f) {
    constexpr auto kept = static_cast<std::int64_t>(minutes_of_trend);
    const auto minute = minute_of(f.at);
    if (minute > newest_minute) {
        for (std::int64_t n = 0; n < std::min(minute - newest_minute, kept); ++n) {
            minutes.at(static_cast<std::size_t>((minute - n) % kept)) = 0;
        }
        newest_minute = minute;
    }
    if (minute > newest_minute - kept) {
        ++minutes.at(static_cast<std::size_t>(minute % kept));
    }
    if (samples.size() == max_error_samples && older(f, samples.front())) {
        return;
    }
    failure sample = f;
    sample.message = shortened(f.message, sample_bytes);
    samples.insert(std::upper_bound(samples.begin(), samples.end(), f, older), std::move(sample));
    if (samples.size() > max_error_samples) {
        samples.erase(samples.begin());
    }
}

std::vector<std::uint32_t> error_detail::trend(instant now) const {
    constexpr auto kept = static_cast<std::int64_t>(minutes_of_trend);
    std::vector<std::uint32_t> out;
    const auto last = minute_of(now);
    for (auto m = last - kept + 1; m <= last; ++m) {
        const bool there = m >= 0 && m <= newest_minute && m > newest_minute - kept;
        out.push_back(there ? minutes.at(static_cast<std::size_t>(m % kept)) : 0);
    }
    return out;
}

}  // namespace kwq::tracker
