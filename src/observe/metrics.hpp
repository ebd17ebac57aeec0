// The metrics page, built when it is asked for from counters that others keep, and the two things
// worth keeping for it: histograms of latency, and what the operating system says of this process.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::observe {

/// A histogram at one moment, as Prometheus wants it: `cumulative[i]` values were at most
/// `bounds[i]`; all of them are `count`.
struct histogram_snapshot {
    std::vector<double> bounds;
    std::vector<std::uint64_t> cumulative;
    double sum = 0;
    std::uint64_t count = 0;
};

/// Upper bounds in seconds. A bucket set is a constant: two histograms of one name must agree.
extern const std::span<const double> request_bounds;  // 50 µs to 5 s
extern const std::span<const double> task_bounds;     // 1 ms to 4 h

/// Counts durations. Any thread, no lock. A snapshot taken while others count may lack a value in
/// `sum` that it has in `count`; the next one has both.
class latency_histogram {
public:
    static constexpr std::size_t max_bounds = 24;

    /// `bounds` rise, are at most max_bounds, and outlive the histogram.
    explicit latency_histogram(std::span<const double> bounds);
    void observe(double seconds);  // below zero counts as zero
    histogram_snapshot snapshot() const;

private:
    const std::span<const double> bounds_;
    std::array<std::atomic<std::uint64_t>, max_bounds + 1> counts_{};
    std::atomic<std::uint64_t> sum_ns_{0};
};

/// Families come out in the order in which their names came first. A name keeps the kind and help
/// it came with first. One thread.
class metrics_page {
public:
    using label_set = std::vector<std::pair<std::string, std::string>>;

    void counter(std::string_view name, std::string_view help, double value, label_set labels = {});
    void gauge(std::string_view name, std::string_view help, double value, label_set labels = {});
    void histogram(std::string_view name, std::string_view help, histogram_snapshot value,
                   label_set labels = {});
    /// Prometheus's text format 0.0.4.
    std::string text() const;
    /// OpenMetrics 1.0: the same but for the names of counters' families, and an end.
    std::string open_metrics() const;

private:
    enum class kind : unsigned char { counter, gauge, histogram };
    struct sample {
        label_set labels;
        double value = 0;
        histogram_snapshot distribution;
    };
    struct family {
        std::string name;
        std::string help;
        kind of = kind::counter;
        std::vector<sample> samples;
    };
    family& named(std::string_view name, std::string_view help, kind of);

    std::vector<family> families_;
};

/// What goes with the page as Content-Type.
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

inline constexpr std::string_view open_metrics_content_type =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Adds the process_* metrics that every Prometheus client has. What the system does not tell is
/// left out.
void add_process_metrics(metrics_page& page);

}  // namespace kwq::observe
