// The metrics page, byte for byte where it matters.
#include "observe/metrics.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace kwq::observe;

TEST_CASE("a page has help, type and a line for each label set") {
    metrics_page page;
    page.counter("kwq_tasks_total", "Tasks.", 3, {{"queue", "default"}});
    page.gauge("kwq_depth", "Depth.", 1.5);
    page.counter("kwq_tasks_total", "Tasks.", 4, {{"queue", "other"}});
    CHECK(page.text() ==
          "# HELP kwq_tasks_total Tasks.\n"
          "# TYPE kwq_tasks_total counter\n"
          "kwq_tasks_total{queue=\"default\"} 3\n"
          "kwq_tasks_total{queue=\"other\"} 4\n"
          "# HELP kwq_depth Depth.\n"
          "# TYPE kwq_depth gauge\n"
          "kwq_depth 1.5\n");
}

TEST_CASE("OpenMetrics names a counter's family without its suffix, and ends") {
    metrics_page page;
    page.counter("kwq_tasks_total", "Tasks.", 3, {{"queue", "default"}});
    page.gauge("kwq_depth", "Depth.", 1.5);
    CHECK(page.open_metrics() ==
          "# HELP kwq_tasks Tasks.\n"
          "# TYPE kwq_tasks counter\n"
          "kwq_tasks_total{queue=\"default\"} 3\n"
          "# HELP kwq_depth Depth.\n"
          "# TYPE kwq_depth gauge\n"
          "kwq_depth 1.5\n"
          "# EOF\n");
}

TEST_CASE("label values are escaped") {
    metrics_page page;
    page.gauge("kwq_x", "X.", 1, {{"name", "a\"b\\c\nd"}});
    CHECK_THAT(page.text(), Catch::Contains(R"(kwq_x{name="a\"b\\c\nd"} 1)"));
}

TEST_CASE("a histogram is cumulative, with sum, count and +Inf") {
    latency_histogram h(request_bounds);
    h.observe(40e-6);
    h.observe(50e-6);  // a bound is within its bucket
    h.observe(0.3);
    h.observe(60);
    metrics_page page;
    page.histogram("kwq_seconds", "S.", h.snapshot(), {{"route", "x"}});
    const std::string text = page.text();
    CHECK_THAT(text, Catch::Contains("kwq_seconds_count{route=\"x\"} 4"));
    CHECK_THAT(text, Catch::Contains("kwq_seconds_bucket{route=\"x\",le=\"5e-05\"} 2"));
    CHECK_THAT(text, Catch::Contains("kwq_seconds_bucket{route=\"x\",le=\"0.25\"} 2"));
    CHECK_THAT(text, Catch::Contains("kwq_seconds_bucket{route=\"x\",le=\"0.5\"} 3"));
    CHECK_THAT(text, Catch::Contains("kwq_seconds_bucket{route=\"x\",le=\"5\"} 3"));
    CHECK_THAT(text, Catch::Contains("kwq_seconds_bucket{route=\"x\",le=\"+Inf\"} 4"));
    CHECK(h.snapshot().sum == Approx(60.30009));
}

TEST_CASE("a negative duration counts as none") {
    latency_histogram h(task_bounds);
    h.observe(-1);
    CHECK(h.snapshot().count == 1);
    CHECK(h.snapshot().sum == 0);
    CHECK(h.snapshot().cumulative.front() == 1);
}

TEST_CASE("both bucket sets rise and cover what they say") {
    CHECK(request_bounds.front() == 50e-6);
    CHECK(request_bounds.back() == 5.0);
    CHECK(task_bounds.front() == 0.001);
    CHECK(task_bounds.back() == 14400.0);
    CHECK(std::is_sorted(request_bounds.begin(), request_bounds.end()));
    CHECK(std::is_sorted(task_bounds.begin(), task_bounds.end()));
}

TEST_CASE("threads that count at once lose nothing") {
    latency_histogram h(request_bounds);
    constexpr int each = 20'000;
    const auto count = [&] {
        for (int i = 0; i < each; ++i) {
            h.observe(0.001);
        }
    };
    std::thread a(count);
    std::thread b(count);
    a.join();
    b.join();
    CHECK(h.snapshot().count == 2 * each);
    CHECK(h.snapshot().sum == Approx(2 * each * 0.001));
}

TEST_CASE("the process metrics are there and plausible") {
    metrics_page page;
    add_process_metrics(page);
    const std::string text = page.text();
    for (const auto* name : {"process_cpu_seconds_total", "process_start_time_seconds",
                             "process_open_fds", "process_max_fds", "process_resident_memory_bytes",
                             "process_virtual_memory_bytes", "process_threads"}) {
        INFO(name);
        CHECK_THAT(text, Catch::Contains("\n" + std::string(name) + " "));
    }
    CHECK_THAT(text, !Catch::Contains("process_resident_memory_bytes 0\n"));
    const std::size_t at = text.find("\nprocess_start_time_seconds ");
    REQUIRE(at != std::string::npos);
    CHECK(std::stod(text.substr(at + 28)) > 1.6e9);
}
