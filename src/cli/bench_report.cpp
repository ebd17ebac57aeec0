#include "cli/bench_report.hpp"

#include "codec/json.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace kwq::cli {

namespace {

constexpr std::array<const char*, bench::request_classes> class_names{"submit", "take", "complete",
                                                                      "heartbeat"};
constexpr double mib = 1048576;

std::string line(const char* what, const bench::percentiles& p) {
    std::array<char, 160> text{};
    std::snprintf(
        text.data(), text.size(),
        "  %-9s %10llu calls   p50 %9.3f ms   p95 %9.3f ms   p99 %9.3f ms   max %9.3f ms\n", what,
        static_cast<unsigned long long>(p.count), p.p50_us / 1e3, p.p95_us / 1e3, p.p99_us / 1e3,
        p.max_us / 1e3);
    return p.count == 0 ? "" : text.data();
}

void write_fields(codec::json_writer& w, const bench::percentiles& p) {
    w.field("count", p.count);
    w.field("p50_ms", p.p50_us / 1e3).field("p95_ms", p.p95_us / 1e3);
    w.field("p99_ms", p.p99_us / 1e3).field("max_ms", p.max_us / 1e3);
}

void write(codec::json_writer& w, std::string_view name, const bench::percentiles& p) {
    w.key(name).begin_object();
    write_fields(w, p);
    w.end_object();
}

void write(codec::json_writer& w, std::string_view name, const bench::server_cost& c) {
    w.key(name).begin_object().field("memory_bytes", c.memory_bytes);
    w.field("cpu_s", c.cpu_seconds).end_object();
}

void write_fields(codec::json_writer& w, const bench::measurement& m, std::string_view take) {
    w.field("tasks", m.tasks).field("seconds", m.seconds);
    w.field("tasks_per_s", static_cast<double>(m.tasks) / m.seconds);
    if (m.tracked_s > 0) {
        w.field("tracked_s", m.tracked_s);
        w.field("tracked_per_s", static_cast<double>(m.tasks) / m.tracked_s);
    }
    w.field("missing", m.missing).field("refused", m.refused).field("failed", m.failed);
    write(w, "submit", m.submit);
    write(w, take, m.take);
}

std::string_view name_of_take(const bench_result& r) {
    return r.what == "latency" ? "lease" : "take";
}

double microseconds_a_task(const bench::depth_measurement& m) {
    const auto spent = m.after.cpu_seconds - m.loaded.cpu_seconds;
    return spent * 1e6 / static_cast<double>(std::max<std::size_t>(m.dispatch.tasks, 1));
}

std::string troubles(const bench::measurement& m) {
    std::string out;
    if (m.missing > 0) {
        out += "  " + std::to_string(m.missing) + " fewer than asked for: no more were there\n";
    }
    if (m.refused + m.failed > 0) {
        out += "  refused " + std::to_string(m.refused) + ", failed " + std::to_string(m.failed) +
               "\n";
    }
    return out;
}

std::size_t completed(const bench::overload_measurement& m) {
    return m.by_class[static_cast<std::size_t>(bench::request_class::complete)].admitted.count;
}

}  // namespace

std::string as_text(const bench_result& r) {
    const auto& m = r.m;
    std::array<char, 200> text{};
    std::snprintf(text.data(), text.size(), "%s: %zu tasks in %.3f s: %.0f tasks/s\n",
                  r.what.c_str(), m.tasks, m.seconds, static_cast<double>(m.tasks) / m.seconds);
    std::string out = text.data();
    if (m.tracked_s > 0) {
        std::snprintf(text.data(), text.size(), "  tracked after %.3f s: %.0f tasks/s\n",
                      m.tracked_s, static_cast<double>(m.tasks) / m.tracked_s);
        out += text.data();
    }
    return out + troubles(m) + line("submit", m.submit) +
           line(std::string(name_of_take(r)).c_str(), m.take);
}

std::string as_json(const bench_result& r) {
    std::string out;
    codec::json_writer w(out);
    w.begin_object().field("what", r.what);
    write_fields(w, r.m, name_of_take(r));
    w.end_object();
    return out + "\n";
}

bool is_whole(const bench_result& r) {
    return r.m.failed + r.m.missing == 0;
}

std::string as_text(const bench::depth_measurement& m) {
    std::array<char, 300> text{};
    std::snprintf(text.data(), text.size(),
                  "depth: %zu tasks wait, submitted in %.1f s, tracked after %.1f s\n"
                  "  server's memory: empty %.1f, full %.1f, then %.1f MiB\n"
                  "  handed out and completed: %zu tasks in %.3f s: %.0f tasks/s, %.1f us of CPU "
                  "each\n",
                  m.queued, m.load_s, m.tracked_s, m.empty.memory_bytes / mib,
                  m.loaded.memory_bytes / mib, m.after.memory_bytes / mib, m.dispatch.tasks,
                  m.dispatch.seconds, static_cast<double>(m.dispatch.tasks) / m.dispatch.seconds,
                  microseconds_a_task(m));
    return text.data() + troubles(m.dispatch) + line("take", m.dispatch.take);
}

std::string as_json(const bench::depth_measurement& m) {
    std::string out;
    codec::json_writer w(out);
    w.begin_object().field("what", "depth").field("queued", m.queued);
    w.field("load_s", m.load_s).field("tracked_s", m.tracked_s);
    write(w, "empty", m.empty);
    write(w, "loaded", m.loaded);
    write(w, "after", m.after);
    w.field("cpu_us_per_task", microseconds_a_task(m));
    w.key("dispatch").begin_object();
    write_fields(w, m.dispatch, "take");
    w.end_object().end_object();
    return out + "\n";
}

bool is_whole(const bench::depth_measurement& m) {
    return m.dispatch.failed + m.dispatch.missing == 0;
}

std::string as_text(const bench::overload_measurement& m) {
    std::array<char, 200> text{};
    std::snprintf(text.data(), text.size(),
                  "overload: %zu submits fell due in %.1f s, %zu not sent; %.0f tasks/s completed; "
                  "%zu leases lost\n",
                  m.offered, m.seconds, m.unsent, static_cast<double>(completed(m)) / m.seconds,
                  m.leases_lost);
    std::string out = text.data();
    for (std::size_t i = 0; i < bench::request_classes; ++i) {
        const auto& c = m.by_class[i];
        out += line(class_names[i], c.admitted);
        if (c.refused + c.failed > 0) {
            out += "            refused " + std::to_string(c.refused) + ", failed " +
                   std::to_string(c.failed) + "\n";
        }
    }
    return out;
}

std::string as_json(const bench::overload_measurement& m) {
    std::string out;
    codec::json_writer w(out);
    w.begin_object().field("what", "overload").field("seconds", m.seconds);
    w.field("offered", m.offered).field("unsent", m.unsent);
    w.field("completed_per_s", static_cast<double>(completed(m)) / m.seconds);
    w.field("leases_lost", m.leases_lost);
    for (std::size_t i = 0; i < bench::request_classes; ++i) {
        const auto& c = m.by_class[i];
        w.key(class_names[i]).begin_object().field("refused", c.refused);
        w.field("failed", c.failed);
        write_fields(w, c.admitted);
        w.end_object();
    }
    w.key("completed_in_second").begin_array();
    for (const auto n : m.completed) {
        w.value(n);
    }
    w.end_array().end_object();
    return out + "\n";
}

bool is_whole(const bench::overload_measurement& m) {
    return m.leases_lost == 0;
}

}  // namespace kwq::cli
