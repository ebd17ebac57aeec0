// The metrics page and its histograms.
#include "observe/metrics.hpp"

#include "base/assert.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>

namespace kwq::observe {

namespace {

constexpr std::array request_bound_values = {50e-6,  100e-6, 250e-6, 500e-6, 1e-3,   2.5e-3,
                                             5e-3,   10e-3,  25e-3,  50e-3,  100e-3, 250e-3,
                                             500e-3, 1.0,    2.5,    5.0};
constexpr std::array task_bound_values = {0.001, 0.005,  0.01,   0.05,   0.1,    0.5,
                                          1.0,   5.0,    10.0,   30.0,   60.0,   300.0,
                                          900.0, 1800.0, 3600.0, 7200.0, 14400.0};
constexpr double ns_per_second = 1e9;

prometheus::ClientMetric::Histogram convert(const histogram_snapshot& from) {
    prometheus::ClientMetric::Histogram out;
    out.sample_count = from.count;
    out.sample_sum = from.sum;
    for (std::size_t i = 0; i < from.bounds.size(); ++i) {
        prometheus::ClientMetric::Bucket bucket;
        bucket.upper_bound = from.bounds[i];
        bucket.cumulative_count = from.cumulative[i];
        out.bucket.push_back(bucket);
    }
    return out;
}

}  // namespace

const std::span<const double> request_bounds{request_bound_values};
const std::span<const double> task_bounds{task_bound_values};

latency_histogram::latency_histogram(std::span<const double> bounds) : bounds_(bounds) {
    KWQ_ASSERT(bounds.size() <= max_bounds);
    KWQ_ASSERT(std::is_sorted(bounds.begin(), bounds.end()));
}

void latency_histogram::observe(double seconds) {
    const double value = std::max(seconds, 0.0);
    const auto above = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    const auto bucket = static_cast<std::size_t>(above - bounds_.begin());
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_ns_.fetch_add(static_cast<std::uint64_t>(value * ns_per_second), std::memory_order_relaxed);
}

histogram_snapshot latency_histogram::snapshot() const {
    histogram_snapshot out;
    out.sum = static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) / ns_per_second;
    out.bounds.assign(bounds_.begin(), bounds_.end());
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
        out.count += counts_[i].load(std::memory_order_relaxed);
        out.cumulative.push_back(out.count);
    }
    out.count += counts_[bounds_.size()].load(std::memory_order_relaxed);
    return out;
}

metrics_page::family& metrics_page::named(std::string_view name, std::string_view help, kind of) {
    const auto same = [&](const family& f) { return f.name == name; };
    const auto found = std::find_if(families_.begin(), families_.end(), same);
    if (found != families_.end()) {
        KWQ_ASSERT(found->of == of);
        return *found;
    }
    return families_.emplace_back(family{std::string(name), std::string(help), of, {}});
}

void metrics_page::counter(std::string_view name, std::string_view help, double value,
                           label_set labels) {
    named(name, help, kind::counter).samples.push_back({std::move(labels), value, {}});
}

void metrics_page::gauge(std::string_view name, std::string_view help, double value,
                         label_set labels) {
    named(name, help, kind::gauge).samples.push_back({std::move(labels), value, {}});
}

void metrics_page::histogram(std::string_view name, std::string_view help, histogram_snapshot value,
                             label_set labels) {
    KWQ_ASSERT(value.bounds.size() == value.cumulative.size());
    named(name, help, kind::histogram).samples.push_back({std::move(labels), 0, std::move(value)});
}

std::string metrics_page::text() const {
    std::vector<prometheus::MetricFamily> out;
    for (const family& f : families_) {
        prometheus::MetricFamily& to = out.emplace_back();
        to.name = f.name;
        to.help = f.help;
        for (const sample& s : f.samples) {
            prometheus::ClientMetric& metric = to.metric.emplace_back();
            for (const auto& [name, value] : s.labels) {
                metric.label.push_back({name, value});
            }
            switch (f.of) {
                case kind::counter:
                    to.type = prometheus::MetricType::Counter;
                    metric.counter.value = s.value;
                    break;
                case kind::gauge:
                    to.type = prometheus::MetricType::Gauge;
                    metric.gauge.value = s.value;
                    break;
                case kind::histogram:
                    to.type = prometheus::MetricType::Histogram;
                    metric.histogram = convert(s.distribution);
                    break;
            }
        }
    }
    return prometheus::TextSerializer().Serialize(out);
}

std::string metrics_page::open_metrics() const {
    constexpr std::string_view suffix = "_total";
    const std::string classic = text();
    std::string out;
    for (std::size_t at = 0; at < classic.size();) {
        const std::size_t end = std::min(classic.find('\n', at), classic.size());
        std::string line = classic.substr(at, end - at);
        at = end + 1;
        if (line.starts_with("# ")) {  // "# HELP name …", "# TYPE name …"
            const std::size_t name_end = std::min(line.find(' ', 7), line.size());
            if (std::string_view(line).substr(0, name_end).ends_with(suffix)) {
                line.erase(name_end - suffix.size(), suffix.size());
            }
        }
        out += line + "\n";
    }
    return out + "# EOF\n";
}

}  // namespace kwq::observe
