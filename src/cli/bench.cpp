// `kwq bench`: load on a running server, and what came of it.
#include "bench/load_pool.hpp"
#include "bench/measurements.hpp"
#include "cli/command.hpp"
#include "cli/quantity.hpp"
#include "codec/json.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>

namespace kwq::cli {

namespace {

struct kind {
    std::string_view name;
    bench::measurement (*measure)(const bench::load_plan&);
};
constexpr std::array<kind, 5> kinds{{{"submit", bench::measure_submit},
                                     {"work", bench::measure_work},
                                     {"cycle", bench::measure_cycle},
                                     {"latency", bench::measure_latency},
                                     {"ping", bench::measure_ping}}};

std::string line(const char* what, const bench::percentiles& p) {
    std::array<char, 160> text{};
    std::snprintf(
        text.data(), text.size(),
        "  %-8s %10llu calls   p50 %9.3f ms   p95 %9.3f ms   p99 %9.3f ms   max %9.3f ms\n", what,
        static_cast<unsigned long long>(p.count), p.p50_us / 1e3, p.p95_us / 1e3, p.p99_us / 1e3,
        p.max_us / 1e3);
    return p.count == 0 ? "" : text.data();
}

void write(codec::json_writer& w, std::string_view name, const bench::percentiles& p) {
    w.key(name).begin_object().field("count", p.count);
    w.field("p50_ms", p.p50_us / 1e3).field("p95_ms", p.p95_us / 1e3);
    w.field("p99_ms", p.p99_us / 1e3).field("max_ms", p.max_us / 1e3).end_object();
}

class bench_command : public command {
public:
    description describe() override {
        return {
            .name = "bench",
            .summary = "Measure a server: submit, work, cycle, latency or ping",
            .details =
                "submit: tasks in, nothing else. work: take and complete tasks that are there. "
                "cycle: both at once, "
                "until every task is complete and counted by the tracker. latency: from submitting "
                "one task to a "
                "waiting worker having it. ping: requests that touch nothing, for comparison.\n\n"
                "It fills the server with tasks of its own job and takes what it finds on the "
                "queue: give it a server "
                "of its own. Without --rate each connection sends its next request when it has its "
                "answer; with it, "
                "requests fall due by the clock and are timed from then.",
            .options =
                {{"-n,--tasks", "N", "How many tasks; default: 10000", &tasks_, {}},
                 {"-b,--batch", "N", "Tasks in one request, up to 1000; default: 1", &batch_, {}},
                 {"-p,--producers", "N", "Connections that submit; default: 16", &producers_, {}},
                 {"-w,--workers", "N", "Connections that take; default: 16", &workers_, {}},
                 {"--rate", "N", "Open loop: so many tasks fall due each second", &rate_, {}},
                 {"--payload", "BYTES", "Payload of each task; default: 200", &payload_, {}},
                 {"-q,--queue", "QUEUE", "Default: default", &queue_, {}},
                 {"-j,--job", "JOB", "Default: one of its own", &job_, {}},
                 {"--jobs", "N", "Spread over so many jobs", &jobs_, {}},
                 {"--priorities", "N", "Spread over priorities 1 to N", &priorities_, {}},
                 {"--delayed", "PERCENT", "So many wait ten minutes", &delayed_, {}}},
            .arguments = {{"WHAT",
                           "submit, work, cycle, latency or ping",
                           true,
                           &what_,
                           {"submit", "work", "cycle", "latency", "ping"}}},
            .examples = {"kwq bench cycle -n 100000 -b 100", "kwq bench latency -n 500"}};
    }

    outcome<exit_code> run(session* s) override {
        const kind* chosen = nullptr;
        for (const kind& k : kinds) {
            chosen = k.name == what_ ? &k : chosen;
        }
        if (chosen == nullptr) {
            return usage_failure("`" + what_ +
                                 "` is no measurement: submit, work, cycle, latency, ping");
        }
        if (auto bad = bad_option()) {
            return *bad;
        }
        try {
            const auto m = chosen->measure(plan(*s));
            s->print(s->json() ? as_json(m) : as_text(m));
            return m.failed == 0 ? exit_code::ok : exit_code::partial;
        } catch (const bench::load_failure& e) {
            return failure(exit_code::error, e.what());
        }
    }

private:
    std::optional<failure> bad_option() const {
        const std::array<
            std::tuple<const char*, const std::optional<std::int64_t>*, std::int64_t, std::int64_t>,
            9>
            bounds{{{"--tasks", &tasks_, 1, 1'000'000'000},
                    {"--batch", &batch_, 1, 1'000},
                    {"--producers", &producers_, 1, 10'000},
                    {"--workers", &workers_, 1, 10'000},
                    {"--rate", &rate_, 1, 10'000'000},
                    {"--payload", &payload_, 2, 1'000'000},
                    {"--jobs", &jobs_, 1, 100'000'000},
                    {"--priorities", &priorities_, 1, 9},
                    {"--delayed", &delayed_, 0, 100}}};
        for (const auto& [name, value, least, most] : bounds) {
            if (*value && (**value < least || **value > most)) {
                return usage_failure(std::string(name) + ": " + std::to_string(least) + " to " +
                                     std::to_string(most));
            }
        }
        return std::nullopt;
    }

    bench::load_plan plan(const session& s) const {
        const auto size = [](const std::optional<std::int64_t>& v, std::int64_t otherwise) {
            return static_cast<std::size_t>(v.value_or(otherwise));
        };
        bench::load_plan p;
        p.server = s.server();
        p.tasks = size(tasks_, 10'000);
        p.batch = size(batch_, 1);
        p.producers = size(producers_, 16);
        p.workers = size(workers_, 16);
        p.rate = static_cast<double>(rate_.value_or(0));
        p.shape.queue = queue_.empty() ? "default" : queue_;
        p.shape.job =
            job_.empty() ? "bench-" + std::to_string(system_clock().wall().value()) : job_;
        p.shape.jobs = size(jobs_, 1);
        p.shape.payload_bytes = size(payload_, 200);
        p.shape.priorities = static_cast<int>(priorities_.value_or(1));
        p.shape.delayed_of_100 = size(delayed_, 0);
        return p;
    }

    std::string as_text(const bench::measurement& m) const {
        std::array<char, 200> text{};
        std::snprintf(text.data(), text.size(), "%s: %zu tasks in %.3f s: %.0f tasks/s\n",
                      what_.c_str(), m.tasks, m.seconds, static_cast<double>(m.tasks) / m.seconds);
        std::string out = text.data();
        if (m.tracked_s > 0) {
            std::snprintf(text.data(), text.size(), "  tracked after %.3f s: %.0f tasks/s\n",
                          m.tracked_s, static_cast<double>(m.tasks) / m.tracked_s);
            out += text.data();
        }
        if (m.refused + m.failed > 0) {
            std::snprintf(text.data(), text.size(), "  refused %zu, failed %zu\n", m.refused,
                          m.failed);
            out += text.data();
        }
        return out + line("submit", m.submit) + line(what_ == "latency" ? "lease" : "take", m.take);
    }

    std::string as_json(const bench::measurement& m) const {
        std::string out;
        codec::json_writer w(out);
        w.begin_object().field("what", what_).field("tasks", m.tasks);
        w.field("seconds", m.seconds);
        w.field("tasks_per_s", static_cast<double>(m.tasks) / m.seconds);
        if (m.tracked_s > 0) {
            w.field("tracked_s", m.tracked_s);
            w.field("tracked_per_s", static_cast<double>(m.tasks) / m.tracked_s);
        }
        w.field("refused", m.refused).field("failed", m.failed);
        write(w, "submit", m.submit);
        write(w, what_ == "latency" ? "lease" : "take", m.take);
        w.end_object();
        return out + "\n";
    }

    std::string what_, queue_, job_;
    std::optional<std::int64_t> tasks_, batch_, producers_, workers_, rate_, payload_, jobs_,
        priorities_, delayed_;
};

}  // namespace

std::unique_ptr<command> make_bench_command() {
    return std::make_unique<bench_command>();
}

}  // namespace kwq::cli
