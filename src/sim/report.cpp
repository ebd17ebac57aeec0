#include "sim/report.hpp"

#include "sim/commit.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

namespace kwq::sim {

namespace {

constexpr const char* help =
    "kwq-sim: KWQ, whole and in one thread, in worlds where everything goes wrong\n"
    "  --seed N       the first world (1)\n"
    "  --seeds K      how many worlds (1)\n"
    "  --steps M      steps with faults before it must come to rest (5000)\n"
    "  --faults LIST  only these, comma-separated; `none`; without it each seed draws its own\n"
    "  --demand N     fail when something in the table happened less often\n"
    "  --hunt         say how many seeds and seconds the first violation took\n"
    "  --verbose      print everything that happens\n";

double seconds_of_processor() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

std::uint64_t running_seed = 0;

/// An assertion of the product ends the program: which seed it was must be known.
void say_seed(int) {
    std::fprintf(stdout, "seed %llu: an assertion failed\n",
                 static_cast<unsigned long long>(running_seed));
    std::fflush(stdout);
}

bool read_number(std::string_view text, std::uint64_t& out) {
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
    return bad == std::errc{} && end == text.data() + text.size();
}

std::string command(const arguments& a, std::uint64_t first_seed, std::uint64_t seeds) {
    std::string out = "kwq-sim --seed " + std::to_string(first_seed);
    out += seeds == 1 ? "" : " --seeds " + std::to_string(seeds);
    out += " --steps " + std::to_string(a.steps);
    return out + (a.only ? " --faults " + a.only_text : "");
}

void print_violation(const arguments& a, const run_options& o, const run_result& r) {
    auto again = o;
    again.recording = true;
    again.print_all = a.verbose;
    coverage unused;
    const auto replayed = run_seed(again, unused);
    for (const auto& line : replayed.newest) {
        std::fprintf(stdout, "  %s\n", line.c_str());
    }
    std::fprintf(stdout, "seed %llu (commit %s): %s\n", static_cast<unsigned long long>(o.seed),
                 commit(), r.violation.c_str());
    std::fprintf(stdout, "again: %s\n", command(a, o.seed, 1).c_str());
    if (replayed.hash != r.hash) {
        std::fprintf(
            stdout,
            "and the second run of the seed was another one: a source of chance is loose\n");
    }
}

struct totals {
    std::uint64_t seeds = 0;
    std::uint64_t events = 0;
    std::uint64_t violations = 0;
    milliseconds simulated{0};
};

bool print_table(const coverage& counts, std::uint64_t demand) {
    bool met = true;
    for (const auto& row : counts.rows()) {
        const bool low = row.must && row.count < demand;
        met = met && !low;
        std::fprintf(stdout, "%12llu  %s%s\n", static_cast<unsigned long long>(row.count),
                     row.name.c_str(), low ? "   <- too few" : "");
    }
    return met;
}

void print_totals(const totals& t, double seconds) {
    const auto hours = static_cast<double>(t.simulated.count()) / 3.6e6;
    std::fprintf(stdout,
                 "seeds %llu, events %llu, %.0f events/s, %.1f simulated hours, %.0f of them in an "
                 "hour of one core\n",
                 static_cast<unsigned long long>(t.seeds),
                 static_cast<unsigned long long>(t.events), static_cast<double>(t.events) / seconds,
                 hours, hours * 3'600 / seconds);
    std::fprintf(stdout, "violations %llu", static_cast<unsigned long long>(t.violations));
    if (t.violations == 0 && t.seeds > 0) {
        std::fprintf(stdout, " (so with 95 %% confidence below %.2g a seed)",
                     3.0 / static_cast<double>(t.seeds));
    }
    std::fprintf(stdout, "\n");
}

}  // namespace

std::optional<arguments> read_arguments(int argc, char** argv) {
    arguments a;
    const auto usage = [](std::string_view why) {
        std::fprintf(stderr, "kwq-sim: %s\n%s", std::string(why).c_str(), help);
        return std::nullopt;
    };
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        std::uint64_t number = 0;
        if (name == "--verbose") {
            a.verbose = true;
            continue;
        }
        if (name == "--hunt") {
            a.hunt = true;
            continue;
        }
        if (i + 1 == argc) {
            return usage(std::string(name) + " is unknown, or wants a value");
        }
        const std::string_view value = argv[++i];
        if (name == "--faults") {
            a.only_text = value;
            a.only = parse_faults(value);
            if (!a.only) {
                return usage("an unknown fault in " + std::string(value));
            }
            continue;
        }
        if (!read_number(value, number)) {
            return usage(std::string(name) + " wants a number");
        }
        if (name == "--seed") {
            a.first_seed = number;
        } else if (name == "--seeds") {
            a.seeds = number;
        } else if (name == "--steps") {
            a.steps = number;
        } else if (name == "--demand") {
            a.demand = number;
        } else {
            return usage(std::string(name) + " is unknown");
        }
    }
    return a;
}

int run_seeds(const arguments& a) {
    std::signal(SIGABRT, say_seed);
    coverage counts;
    totals sum;
    const auto began = seconds_of_processor();
    for (auto seed = a.first_seed; seed < a.first_seed + a.seeds; ++seed) {
        running_seed = seed;
        run_options o{.seed = seed, .steps = a.steps, .only = a.only};
        o.print_all = a.verbose;
        o.recording = a.verbose;
        const auto r = run_seed(o, counts);
        ++sum.seeds;
        sum.events += r.events;
        sum.simulated += r.simulated;
        if (r.violation.empty()) {
            continue;
        }
        ++sum.violations;
        if (a.hunt) {
            std::fprintf(stdout, "found by seed %llu after %llu seeds and %.1f s: %s\n",
                         static_cast<unsigned long long>(seed),
                         static_cast<unsigned long long>(sum.seeds), seconds_of_processor() - began,
                         r.violation.c_str());
            return 1;
        }
        print_violation(a, o, r);
        return 1;
    }
    const bool met = print_table(counts, a.demand.value_or(0));
    std::fprintf(stdout, "%s (commit %s)\n", command(a, a.first_seed, a.seeds).c_str(), commit());
    print_totals(sum, seconds_of_processor() - began);
    if (!met) {
        std::fprintf(stdout, "the table does not meet the demand\n");
    }
    return met ? 0 : 1;
}

}  // namespace kwq::sim
