// settings: the table itself, and what each kind accepts.
#include "app/settings.hpp"

#include "cli/quantity.hpp"

#include <cctype>
#include <optional>

namespace kwq::app {

namespace {

using kind = setting_kind;

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t mib = 1LL << 20;

std::optional<std::int64_t> number_of(const setting& s, std::string_view value) {
    if (s.kind == kind::duration) {
        const auto d = cli::parse_duration(value);
        return d ? std::optional(d->count()) : std::nullopt;
    }
    return s.kind == kind::bytes ? cli::parse_bytes(value) : cli::parse_integer(value);
}

std::string bound(const setting& s, std::int64_t n) {
    switch (s.kind) {
        case kind::duration: return cli::write_duration(milliseconds{n});
        case kind::bytes: return cli::write_bytes(n);
        default: return std::to_string(n);
    }
}

bool is_choice(std::string_view choices, std::string_view value) {
    while (!choices.empty()) {
        const auto end = choices.find('|');
        if (choices.substr(0, end) == value) {
            return true;
        }
        choices.remove_prefix(end == std::string_view::npos ? choices.size() : end + 1);
    }
    return false;
}

// tidy: size, because it is one table
std::vector<setting> make_settings() {
    return {
        {"data", kind::text, "kwq-data", "DIR",
         "directory of the log and of all state; made when missing, private to its user"},
        {"address", kind::text, "127.0.0.1", "IP",
         "address to listen on; other than loopback only together with a token"},
        {"port", kind::integer, "8080", "N", "port to listen on; 0: any free one", 0, 65'535},
        {"port-file", kind::text, "", "FILE", "file to write the port to, once it is open"},
        {"base-path", kind::text, "", "PATH",
         "path below which everything is served, such as /kwq, for a reverse proxy"},
        {"token-file", kind::text, "", "FILE",
         "file with the token that clients must send; without one only loopback may listen"},
        {"token", kind::text, "", "TOKEN",
         "the token itself, for environments that have no files; better: token-file", 0, 0, "",
         true},
        {"allowed-hosts", kind::list, "", "HOST,…",
         "further host names that requests may be addressed to"},
        {"ui", kind::choice, "full", "KIND",
         "what browsers may do: full, or read-only to look and change nothing", 0, 0,
         "full|read-only"},
        {"queues", kind::list, "", "NAME:N,…",
         "queues that exist from the start, each with its number of priorities"},
        {"priorities", kind::integer, "9", "N", "priorities of the queue `default`", 1, 100},
        {"topic-prefix", kind::text, "kwq", "NAME", "what the names of all topics begin with"},
        {"partitions", kind::integer, "0", "N",
         "partitions of each topic, fixed when they are made; 0: 16 on Kafka, 1 embedded", 0, 256},
        {"instance", kind::text, "", "NAME",
         "name of this process in claims and answers; default: the host's name"},
        {"log", kind::choice, "embedded", "KIND", "where records are kept: embedded or kafka", 0, 0,
         "embedded|kafka"},
        {"kafka-brokers", kind::list, "", "HOST:PORT,…",
         "with log = kafka: brokers of the cluster; the others are learnt from them"},
        {"kafka-replication", kind::integer, "3", "N",
         "replicas of each record: what topics are made with, and the least they must have", 1,
         100},
        {"kafka-min-insync", kind::integer, "2", "N",
         "replicas that must have a record before it counts: likewise", 1, 100},
        {"kafka-start-timeout", kind::duration, "30s", "TIME",
         "how long a start waits for the cluster to answer", 0, hour_ms},
        {"kafka-session-timeout", kind::duration, "6s", "TIME",
         "silence after which an instance's shards go to the others; brokers bound it", 500,
         hour_ms},
        {"advertise", kind::text, "", "URL",
         "with log = kafka: where other instances reach this one; default: its address and port"},
        {"kafka-properties-file", kind::text, "", "FILE",
         "librdkafka's own properties, name=value lines: TLS, SASL and tuning"},
        {"ready-buffer", kind::bytes, "64MiB", "SIZE",
         "memory for tasks that are read ahead; waiting tasks cost none beyond it", mib,
         64 * 1'024 * mib},
        {"tracker-cache", kind::bytes, "40MiB", "SIZE",
         "memory for the tracker's state, at least; it grows to 1/40 of what is stored beyond a "
         "GiB",
         mib, 64 * 1'024 * mib},
        {"retention", kind::duration, "7d", "TIME",
         "how long tasks that completed or were cancelled can be looked up; 0: for ever", 0,
         3'660 * 24 * hour_ms},
        {"log-trim", kind::choice, "on", "on|off",
         "take from the embedded log what is not needed once tasks were let go", 0, 0, "on|off"},
        {"retention-by-job", kind::list, "", "JOB:TIME,…",
         "jobs whose tasks are kept for another time"},
        {"max-waiting-polls", kind::integer, "10000", "N",
         "workers that may wait for work at the same time", 1, 1'000'000},
        {"horizon", kind::duration, "7d", "TIME",
         "how long ids of settled tasks are remembered, so that duplicates are recognised", 1'000,
         366 * 24 * hour_ms},
        {"http-threads", kind::integer, "2", "N", "threads that serve HTTP", 1, 64},
        {"max-connections", kind::integer, "10000", "N", "open connections at the same time", 1,
         1'000'000},
        {"max-connections-per-peer", kind::integer, "0", "N",
         "open connections from one address; 0: no limit", 0, 1'000'000},
        {"drain-timeout", kind::duration, "10s", "TIME",
         "how long requests in flight may take once the server is told to stop", 0, hour_ms},
        {"log-level", kind::choice, "info", "LEVEL", "least important level to log", 0, 0,
         "debug|info|warn|error"},
        {"log-format", kind::choice, "text", "FORM", "form of log lines: text or json", 0, 0,
         "text|json"},
        {"log-file", kind::text, "", "FILE",
         "file for log lines, rotated; default: standard error"},
    };
}

}  // namespace

const std::vector<setting>& settings() {
    static const std::vector<setting> all = make_settings();
    return all;
}

const setting* find_setting(std::string_view name) {
    for (const setting& s : settings()) {
        if (s.name == name) {
            return &s;
        }
    }
    return nullptr;
}

std::string environment_name(const setting& s) {
    std::string name = "KWQ_";
    for (const char c : s.name) {
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

std::string why_refused(const setting& s, std::string_view value) {
    if (s.kind == kind::text || s.kind == kind::list) {
        return "";
    }
    if (s.kind == kind::choice) {
        std::string choices(s.choices);
        for (std::size_t at = choices.find('|'); at != std::string::npos; at = choices.find('|')) {
            choices.replace(at, 1, ", ");
        }
        return is_choice(s.choices, value) ? "" : "must be one of " + choices;
    }
    const auto number = number_of(s, value);
    if (!number) {
        return s.kind == kind::duration ? "must be a duration such as 30s or 7d"
               : s.kind == kind::bytes  ? "must be a size such as 64MiB"
                                        : "must be a whole number";
    }
    if (*number < s.least || *number > s.most) {
        return "must be " + bound(s, s.least) + " to " + bound(s, s.most);
    }
    return "";
}

}  // namespace kwq::app
