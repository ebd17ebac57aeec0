// histogram: a distribution of durations in buckets that grow by a tenth, so that a quantile is
// within 5 % of the truth. The buckets are the same everywhere: histograms add up. Only buckets
// that hold something take room; a job's or a tag's times rarely spread over more than a few dozen.
#pragma once

#include "base/clock.hpp"
#include "observe/metrics.hpp"
#include "store/bytes.hpp"
#include "tracker/tracker.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kwq::tracker {

class histogram {
public:
    static constexpr std::size_t bucket_count = 246;

    void add(milliseconds value);  // below zero counts as zero: clocks of two machines differ
    void merge(const histogram& other);

    std::uint64_t count() const { return count_; }
    /// `q` in (0, 1]; zero when empty.
    double quantile_ms(double q) const;
    distribution summary() const;
    /// As Prometheus counts, with observe::task_bounds. A value within 10 % of a bound may be
    /// counted on its other side.
    observe::histogram_snapshot buckets() const;

    std::uint64_t sum_ms() const { return sum_ms_; }
    std::uint64_t max_ms() const { return max_ms_; }
    /// Those that hold something, in order.
    template <class Visit>
    void each_bucket(const Visit& see) const {
        for (const auto& b : buckets_) {
            see(b.index, b.count);
        }
    }
    // What a histogram is made of again.
    void add_bucket(std::uint32_t index, std::uint64_t count);
    void add_sum_ms(std::uint64_t ms) { sum_ms_ += ms; }
    void raise_max_ms(std::uint64_t ms);

    void write(store::byte_writer& w) const;
    static histogram read(store::byte_reader& r);

    friend bool operator==(const histogram&, const histogram&) = default;

private:
    struct bucket {
        std::uint32_t index = 0;
        std::uint64_t count = 0;
        friend bool operator==(const bucket&, const bucket&) = default;
    };
    void add_to(std::uint32_t index, std::uint64_t count);

    std::vector<bucket> buckets_;  // by index
    std::uint64_t count_ = 0;
    std::uint64_t sum_ms_ = 0;
    std::uint64_t max_ms_ = 0;
};

}  // namespace kwq::tracker
