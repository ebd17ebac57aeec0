// The process_* metrics, read from /proc.
#include "observe/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include <sys/resource.h>
#include <unistd.h>

namespace kwq::observe {

namespace {

/// Fields of /proc/self/stat, counted from the one after the program's name (proc(5), from 3).
struct stat_line {
    std::vector<std::string> fields;

    std::optional<double> number(std::size_t proc_index) const {
        const std::size_t i = proc_index - 3;
        double value = 0;
        if (i >= fields.size()) {
            return std::nullopt;
        }
        const std::string& text = fields[i];
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        return read.ec == std::errc{} ? std::optional(value) : std::nullopt;
    }
};

stat_line read_stat() {
    std::ifstream file("/proc/self/stat");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::size_t name_end = text.rfind(')');  // the name itself may hold spaces
    stat_line out;
    std::size_t at = name_end == std::string::npos ? text.size() : name_end + 1;
    while (at < text.size()) {
        at = text.find_first_not_of(" \n", at);
        if (at == std::string::npos) {
            break;
        }
        const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
        out.fields.push_back(text.substr(at, end - at));
        at = end;
    }
    return out;
}

std::optional<double> boot_time() {
    std::ifstream file("/proc/stat");
    std::string word;
    while (file >> word) {
        double value = 0;
        if (word == "btime" && file >> value) {
            return value;
        }
    }
    return std::nullopt;
}

std::optional<double> open_descriptors() {
    std::error_code failed;
    const std::filesystem::directory_iterator all("/proc/self/fd", failed);
    if (failed) {
        return std::nullopt;
    }
    return static_cast<double>(std::distance(begin(all), end(all)) - 1);  // not the one for this
}

void add_times(metrics_page& page, const stat_line& stat) {
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto user = stat.number(14);
    const auto system = stat.number(15);
    if (user && system) {
        page.counter("process_cpu_seconds_total", "User and system CPU time spent in seconds.",
                     (*user + *system) / ticks);
    }
    const auto started = stat.number(22);
    const auto booted = boot_time();
    if (started && booted) {
        page.gauge("process_start_time_seconds",
                   "Start time of the process since the Unix epoch in seconds.",
                   *booted + *started / ticks);
    }
}

void add_memory(metrics_page& page, const stat_line& stat) {
    if (const auto bytes = stat.number(23)) {
        page.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", *bytes);
    }
    if (const auto pages = stat.number(24)) {
        page.gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
                   *pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    }
    if (const auto threads = stat.number(20)) {
        page.gauge("process_threads", "Threads of the process.", *threads);
    }
}

}  // namespace

void add_process_metrics(metrics_page& page) {
    const stat_line stat = read_stat();
    add_times(page, stat);
    add_memory(page, stat);
    if (const auto open = open_descriptors()) {
        page.gauge("process_open_fds", "Number of open file descriptors.", *open);
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        page.gauge("process_max_fds", "Maximum number of open file descriptors.",
                   static_cast<double>(limit.rlim_cur));
    }
}

}  // namespace kwq::observe
