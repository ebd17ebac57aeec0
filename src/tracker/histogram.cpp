#include "tracker/histogram.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace kwq::tracker {

namespace {

// Bucket i > 0 holds [lower[i], lower[i+1]); the last one, from 160 days on, everything above.
constexpr double growth = 1.1;

const std::array<double, histogram::bucket_count>& lower_bounds() {
    static const auto bounds = [] {
        std::array<double, histogram::bucket_count> b{};
        double v = 1;
        for (std::size_t i = 1; i < b.size(); ++i, v *= growth) {
            b[i] = v;
        }
        return b;
    }();
    return bounds;
}

std::uint32_t bucket_of(std::uint64_t ms) {
    const auto& b = lower_bounds();
    const auto above = std::upper_bound(b.begin(), b.end(), static_cast<double>(ms));
    return static_cast<std::uint32_t>(above - b.begin() - 1);
}

}  // namespace

void histogram::add(milliseconds value) {
    const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
    add_to(bucket_of(ms), 1);
    ++count_;
    sum_ms_ += ms;
    max_ms_ = std::max(max_ms_, ms);
}

void histogram::merge(const histogram& other) {
    for (const auto& b : other.buckets_) {
        add_to(b.index, b.count);
    }
    count_ += other.count_;
    sum_ms_ += other.sum_ms_;
    max_ms_ = std::max(max_ms_, other.max_ms_);
}

void histogram::add_bucket(std::uint32_t index, std::uint64_t count) {
    add_to(index, count);
    count_ += count;
}

void histogram::raise_max_ms(std::uint64_t ms) {
    max_ms_ = std::max(max_ms_, ms);
}

void histogram::add_to(std::uint32_t index, std::uint64_t count) {
    const auto at =
        std::lower_bound(buckets_.begin(), buckets_.end(), index,
                         [](const bucket& b, std::uint32_t wanted) { return b.index < wanted; });
    if (at != buckets_.end() && at->index == index) {
        at->count += count;
    } else {
        buckets_.insert(at, {index, count});
    }
}

double histogram::quantile_ms(double q) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (const auto& b : buckets_) {
        seen += b.count;
        if (seen >= rank) {
            // The middle of the bucket, but never above the largest value there was.
            const double middle = lower_bounds()[b.index] * std::sqrt(growth);
            return std::min(middle, static_cast<double>(max_ms_));
        }
    }
    return 0;
}

distribution histogram::summary() const {
    if (count_ == 0) {
        return {};
    }
    return {.count = count_,
            .mean_s = static_cast<double>(sum_ms_) / static_cast<double>(count_) / 1000,
            .p50_s = quantile_ms(0.5) / 1000,
            .p95_s = quantile_ms(0.95) / 1000,
            .p99_s = quantile_ms(0.99) / 1000,
            .max_s = static_cast<double>(max_ms_) / 1000};
}

observe::histogram_snapshot histogram::buckets() const {
    observe::histogram_snapshot out;
    out.sum = static_cast<double>(sum_ms_) / 1000;
    out.count = count_;
    auto next = buckets_.begin();
    std::uint64_t below = 0;
    for (const double bound : observe::task_bounds) {
        while (next != buckets_.end() && lower_bounds()[next->index] <= bound * 1000) {
            below += (next++)->count;
        }
        out.bounds.push_back(bound);
        out.cumulative.push_back(below);
    }
    return out;
}

void histogram::write(store::byte_writer& w) const {
    w.number(buckets_.size());
    for (const auto& b : buckets_) {
        w.number(b.index);
        w.number(b.count);
    }
    w.number(sum_ms_);
    w.number(max_ms_);
}

histogram histogram::read(store::byte_reader& r) {
    histogram h;
    h.buckets_.resize(r.number());
    for (auto& b : h.buckets_) {
        b.index = static_cast<std::uint32_t>(r.number());
        b.count = r.number();
        h.count_ += b.count;
    }
    h.sum_ms_ = r.number();
    h.max_ms_ = r.number();
    return h;
}

}  // namespace kwq::tracker
