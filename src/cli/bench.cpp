// `kwq bench`: load on a running server, and what came of it.
#include "bench/load_pool.hpp"
#include "bench/measurements.hpp"
#include "cli/bench_report.hpp"
#include "cli/command.hpp"
#include "cli/quantity.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace kwq::cli {

namespace {

struct kind {
    std::string_view name;
    bench::measurement (*measure)(const bench::load_plan&);
};
constexpr const char* what_there_is = "submit, work, cycle, latency, depth, overload, ping";
constexpr std::array<kind, 5> kinds{{{"submit", bench::measure_submit},
                                     {"work", bench::measure_work},
                                     {"cycle", bench::measure_cycle},
                                     {"latency", bench::measure_latency},
                                     {"ping", bench::measure_ping}}};

class bench_command : public command {
public:
    description describe() override {
        return {
            .name = "bench",
            .summary = "Measure a server: submit, work, cycle, latency, depth, overload or ping",
            .details =
                "submit: tasks in, nothing else. work: take and complete tasks that are there. "
                "cycle: both at once, "
                "until every task is complete and counted by the tracker. latency: from submitting "
                "one task to a "
                "waiting worker having it. depth: fill it with waiting tasks, then take some of "
                "them; tells what "
                "waiting costs. overload: submits at a rate, come what may, while workers take, "
                "renew and complete; tells what was admitted and what was refused. ping: requests "
                "that touch nothing, for comparison.\n\n"
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
                 {"--delayed",
                  "PERCENT",
                  "So many wait a day; with submit or depth",
                  &delayed_,
                  {}},
                 {"--paused", "N", "depth: so many more, of a paused job, between", &paused_, {}},
                 {"--take", "N", "depth: take so many; default: 5000", &take_, {}},
                 {"--seconds", "N", "overload: for so long; default: 60", &seconds_, {}},
                 {"--give-up",
                  "SECONDS",
                  "End with an error when a part takes longer; default: 600",
                  &give_up_,
                  {}}},
            .arguments = {{"WHAT",
                           std::string(what_there_is),
                           true,
                           &what_,
                           {"submit", "work", "cycle", "latency", "depth", "overload", "ping"}}},
            .examples = {"kwq bench cycle -n 100000 -b 100", "kwq bench latency -n 500",
                         "kwq bench depth -n 1000000 --jobs 1000 --priorities 9 --json"}};
    }

    outcome<exit_code> run(session* s) override {
        if (auto bad = bad_option()) {
            return *bad;
        }
        try {
            return measure(*s);
        } catch (const bench::load_failure& e) {
            return failure(exit_code::error, e.what());
        }
    }

private:
    outcome<exit_code> measure(session& s) const {
        if (what_ == "depth") {
            bench::depth_plan wanted;
            wanted.load = plan(s);
            wanted.paused = static_cast<std::size_t>(paused_.value_or(0));
            wanted.take = static_cast<std::size_t>(take_.value_or(5'000));
            return tell(s, bench::measure_depth(wanted));
        }
        if (what_ == "overload") {
            bench::overload_plan wanted;
            wanted.load = plan(s);
            wanted.time = std::chrono::seconds(seconds_.value_or(60));
            return tell(s, bench::measure_overload(wanted));
        }
        const auto* chosen = std::find_if(kinds.begin(), kinds.end(),
                                          [this](const kind& k) { return k.name == what_; });
        if (chosen == kinds.end()) {
            return usage_failure("`" + what_ + "` is no measurement: " + what_there_is);
        }
        return tell(s, bench_result{what_, chosen->measure(plan(s))});
    }

    template <class T>
    outcome<exit_code> tell(session& s, const T& found) const {
        s.print(s.json() ? as_json(found) : as_text(found));
        return is_whole(found) ? exit_code::ok : exit_code::partial;
    }

    std::optional<failure> bad_option() const {
        if (what_ == "overload" && !rate_) {
            return usage_failure("overload: --rate says how many submits fall due each second");
        }
        if (delayed_.value_or(0) > 0 && what_ != "submit" && what_ != "depth") {
            return usage_failure("--delayed: only with submit or depth, nothing would complete");
        }
        const std::array<
            std::tuple<const char*, const std::optional<std::int64_t>*, std::int64_t, std::int64_t>,
            13>
            bounds{{{"--tasks", &tasks_, 1, 1'000'000'000},
                    {"--batch", &batch_, 1, 1'000},
                    {"--producers", &producers_, 1, 10'000},
                    {"--workers", &workers_, 1, 10'000},
                    {"--rate", &rate_, 1, 10'000'000},
                    {"--payload", &payload_, 2, 1'000'000},
                    {"--jobs", &jobs_, 1, 100'000'000},
                    {"--priorities", &priorities_, 1, 9},
                    {"--delayed", &delayed_, 0, 100},
                    {"--paused", &paused_, 0, 1'000'000'000},
                    {"--take", &take_, 1, 1'000'000'000},
                    {"--seconds", &seconds_, 1, 86'400},
                    {"--give-up", &give_up_, 1, 86'400}}};
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
        p.give_up = std::chrono::seconds(give_up_.value_or(600));
        p.shape.queue = queue_.empty() ? "default" : queue_;
        p.shape.job =
            job_.empty() ? "bench-" + std::to_string(system_clock().wall().value()) : job_;
        p.shape.jobs = size(jobs_, 1);
        p.shape.payload_bytes = size(payload_, 200);
        p.shape.priorities = static_cast<int>(priorities_.value_or(1));
        p.shape.delayed_of_100 = size(delayed_, 0);
        return p;
    }

    std::string what_, queue_, job_;
    std::optional<std::int64_t> tasks_, batch_, producers_, workers_, rate_, payload_, jobs_,
        priorities_, delayed_, paused_, take_, seconds_, give_up_;
};

}  // namespace

std::unique_ptr<command> make_bench_command() {
    return std::make_unique<bench_command>();
}

}  // namespace kwq::cli
