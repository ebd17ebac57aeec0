// crash_disk: breaks the disk below KWQ in two ways, again and again, and proves that every promise
// was kept. `power-cut`: the power goes while work is under way; the disk keeps what was synced and
// perhaps some of the rest. `nth-call`: the first call fails, then the second, the third, until a
// life ends in which none did. Each life is a process of its own; this one only looks on.
#include "check/checker.hpp"
#include "check/summary.hpp"
#include "life.hpp"
#include "temporary_directory.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace kwq;
using namespace kwq::crash;
namespace fs = std::filesystem;

struct settings {
    std::string what;
    std::int64_t cuts = 60;
    std::int64_t stride = 1;
    std::int64_t seed = 1;
    std::string folder;
};

/// Runs `work` in a process of its own; its exit code, or 128 and the signal that ended it.
template <class Work>
int in_process(Work&& work) {
    std::fflush(nullptr);
    const auto child = ::fork();
    if (child == 0) {
        work();
        ::_exit(99);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// 0 when log and history break no rule; says what is broken.
int check_now(const std::string& directory, const std::string& books, bool say) {
    return in_process([&] {
        std::ifstream history(books + "/history.ndjson");
        const auto source = check::open_log_directory(directory + "/log");
        if (source.has_error()) {
            std::printf("PROBLEM %s\n", source.error().detail.c_str());
            std::fflush(stdout);
            ::_exit(1);
        }
        const auto report = check::check_log(**source, {.prefix = "kwq", .history = &history});
        const bool clean = report.has_value() && report->found.clean();
        if (!clean || say) {
            std::printf("%s\n", report.has_value() ? check::write_text(*report).c_str()
                                                   : report.error().detail.c_str());
            std::fflush(stdout);
        }
        ::_exit(clean ? 0 : 1);
    });
}

/// A directory for log and states, and the callers' books beside it; fresh.
struct place {
    std::string data;
    std::string books;

    explicit place(const std::string& folder) : data(folder + "/data"), books(folder + "/books") {
        fs::remove_all(data);
        fs::remove_all(books);
        fs::create_directories(data);
        fs::create_directories(books);
    }
    std::string last_word() const {
        std::ifstream in(books + "/ends");
        std::string line;
        std::string last;
        while (std::getline(in, line)) {
            last = line;
        }
        return last;
    }
    std::pair<std::int64_t, std::string> calls() const {
        std::ifstream in(books + "/calls");
        std::int64_t n = 0;
        std::string failed;
        in >> n >> std::ws;
        std::getline(in, failed);
        return {n, failed};
    }
};

int live_in(const place& at, life_options o) {
    o.directory = at.data;
    o.books = at.books;
    return in_process([&] { live(o); });
}

int give_up(const place& at, const std::string& what) {
    std::printf("PROBLEM %s; everything is kept in %s\n", what.c_str(), at.data.c_str());
    return 1;
}

// ---- power cuts ---------------------------------------------------------------------------------

constexpr std::int64_t lives_of_a_log = 25;
constexpr std::int64_t cuts_a_check = 5;

struct cut_totals {
    std::array<std::uint64_t, 7> sum{};
    std::array<std::uint64_t, 7> least{};
    std::uint64_t cuts = 0;

    void add(const place& at) {
        std::ifstream in(at.books + "/cuts");
        std::array<std::uint64_t, 7> row{};
        while (true) {
            for (auto& n : row) {
                in >> n;
            }
            if (!in) {
                return;
            }
            for (std::size_t i = 0; i < row.size(); ++i) {
                sum[i] += row[i];
                least[i] = cuts == 0 ? row[i] : std::min(least[i], row[i]);
            }
            ++cuts;
        }
    }
};

void tell(const cut_totals& t) {
    const std::array<const char*, 7> names = {
        "unanswered submits", "live leases",           "waiting retries", "tasks acknowledged",
        "files cut",          "files with a torn end", "entries undone"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::printf(
            "  %s: %.1f a cut, at least %llu\n", names[i],
            static_cast<double>(t.sum[i]) / static_cast<double>(std::max<std::uint64_t>(t.cuts, 1)),
            static_cast<unsigned long long>(t.least[i]));
    }
    std::printf("  with 95 %% confidence fewer than %.3g %% of such cuts break a promise\n",
                300.0 / static_cast<double>(std::max<std::uint64_t>(t.cuts, 1)));
}

int power_cuts(const settings& s) {
    cut_totals totals;
    std::int64_t cuts = 0;
    while (cuts < s.cuts) {
        const place at(s.folder);
        std::uint64_t number = 0;
        for (std::int64_t i = 0; i < lives_of_a_log && cuts < s.cuts; ++i, ++cuts) {
            const auto code = live_in(at, {.number = ++number,
                                           .seed = static_cast<std::uint64_t>(s.seed + cuts),
                                           .cut = true});
            if (code != 0) {
                return give_up(at, "cut " + std::to_string(cuts) +
                                       ": the life before it ended with " + std::to_string(code) +
                                       ": " + at.last_word());
            }
            if (i % cuts_a_check == cuts_a_check - 1 && check_now(at.data, at.books, false) != 0) {
                return give_up(at, "after cut " + std::to_string(cuts));
            }
        }
        const auto code = live_in(at, {.number = ++number, .drain = true});
        if (code != 0) {
            return give_up(
                at, "the last life ended with " + std::to_string(code) + ": " + at.last_word());
        }
        if (check_now(at.data, at.books, cuts >= s.cuts) != 0) {
            return give_up(at, "in the end");
        }
        totals.add(at);
        std::fprintf(stderr, "%lld cuts\n", static_cast<long long>(cuts));
    }
    std::printf(
        "%lld power cuts, seed %lld: nothing lost, nothing counted twice, no answer untrue\n",
        static_cast<long long>(totals.cuts), static_cast<long long>(s.seed));
    tell(totals);
    return 0;
}

// ---- the n-th call ------------------------------------------------------------------------------

struct nth_totals {
    std::map<std::string, std::uint64_t> ends;  // by call and how the life ended
    std::int64_t runs = 0;
};

std::string end_word(int code) {
    switch (code) {
        case 0: return "went on";
        case 2: return "did not start";
        case 3: return "stopped";
        default: return "died of signal " + std::to_string(code - 128);
    }
}

/// `append in log`: the call and whose file it was.
std::string kind_of(const std::string& failed) {
    for (const std::string part : {"log", "scheduler", "tracker"}) {
        if (failed.find("/data/" + part) != std::string::npos) {
            return failed.substr(0, failed.find(" /")) + " in " + part;
        }
    }
    return failed;
}

/// The call of the log that failed must not have been passed over.
bool may_go_on(const std::string& failed) {
    const bool write = failed.starts_with("append") || failed.starts_with("sync ");
    return !(write && failed.find("/log/") != std::string::npos && failed.ends_with(".log"));
}

/// One failure: in the first life of a log, or in the second, which recovers what the first left.
/// False when none happened because the life had fewer calls.
bool one_failure(const settings& s, const call_failure& f, bool second_life, nth_totals& totals,
                 std::string& problem) {
    const place at(s.folder);
    std::uint64_t number = 0;
    if (second_life && live_in(at, {.number = ++number, .seed = 1, .brief = true}) != 0) {
        problem = "a life without a failure did not end well: " + at.last_word();
        return false;
    }
    const auto code = live_in(at, {.number = ++number, .seed = 2, .brief = true, .failure = f});
    const auto [calls, failed] = at.calls();
    const bool known_end = code == 0 || code == 2 || code == 3;
    if (known_end && code == 0 && failed.empty()) {
        return false;
    }
    ++totals.runs;
    ++totals.ends[kind_of(failed) + ": " + end_word(code)];
    const std::string which = "call " + std::to_string(f.number) + " (" + failed + "), " +
                              end_word(code) + ", " + at.last_word();
    if (!known_end) {
        problem = which;
    } else if (code == 0 && !may_go_on(failed)) {
        problem = which + ": it should have stopped";
    } else if (const auto again = live_in(at, {.number = ++number, .seed = 3, .drain = true});
               again != 0) {
        problem =
            which + "; the next life ended with " + std::to_string(again) + ": " + at.last_word();
    } else if (check_now(at.data, at.books, false) != 0) {
        problem = which + ": see above";
    }
    return true;
}

int nth_calls(const settings& s) {
    nth_totals totals;
    int problems = 0;
    for (const bool second_life : {false, true}) {
        for (const bool no_space : {false, true}) {
            const std::int64_t first = 1 + (no_space ? s.stride / 2 : 0);
            for (std::int64_t n = first;; n += s.stride) {
                std::string problem;
                const call_failure f{n, no_space, n % 2 == 0};
                const bool happened = one_failure(s, f, second_life, totals, problem);
                if (!problem.empty()) {
                    std::printf("PROBLEM %s, %s life: %s\n", no_space ? "ENOSPC" : "EIO",
                                second_life ? "second" : "first", problem.c_str());
                    std::fflush(stdout);
                    ++problems;
                }
                if (!happened) {
                    std::printf("%s, %s life: clean from call %lld on\n",
                                no_space ? "ENOSPC" : "EIO", second_life ? "second" : "first",
                                static_cast<long long>(n));
                    break;
                }
            }
        }
    }
    std::printf("%lld failed calls, %d problems\n", static_cast<long long>(totals.runs), problems);
    for (const auto& [what, n] : totals.ends) {
        std::printf("  %s: %llu\n", what.c_str(), static_cast<unsigned long long>(n));
    }
    return problems == 0 ? 0 : 1;
}

bool read_settings(int count, char** words, settings& s) {
    if (count < 2) {
        return false;
    }
    s.what = words[1];
    for (int i = 2; i + 1 < count; i += 2) {
        const std::string name = words[i];
        const std::string value = words[i + 1];
        std::int64_t* number = name == "--cuts"     ? &s.cuts
                               : name == "--stride" ? &s.stride
                               : name == "--seed"   ? &s.seed
                                                    : nullptr;
        if (name == "--folder") {
            s.folder = value;
        } else if (number == nullptr ||
                   std::from_chars(value.data(), value.data() + value.size(), *number).ec !=
                       std::errc()) {
            return false;
        }
    }
    return s.what == "power-cut" || s.what == "nth-call";
}

}  // namespace

int main(int count, char** words) {
    settings s;
    if (!read_settings(count, words, s)) {
        std::puts(
            "crash_disk power-cut [--cuts N] [--seed N] [--folder DIR]\n"
            "crash_disk nth-call [--stride N] [--folder DIR]");
        return 2;
    }
    std::optional<kwq::test::temporary_directory> own;
    if (s.folder.empty()) {
        s.folder = own.emplace().path();
    }
    const int code = s.what == "power-cut" ? power_cuts(s) : nth_calls(s);
    if (own && code != 0) {
        own->keep();
    }
    return code;
}
