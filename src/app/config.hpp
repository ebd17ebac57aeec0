// config: what this process was told, from flags, the environment, a file and defaults, in that
// order of precedence. The only reader of those sources for `kwq serve`.
#pragma once

#include "app/settings.hpp"
#include "base/result.hpp"
#include "eventlog/kafka/kafka_log.hpp"
#include "model/event.hpp"
#include "net/http.hpp"
#include "observe/logger.hpp"
#include "scheduler/scheduler.hpp"
#include "tracker/tracker.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kwq::app {

/// Where a value came from: "default", "environment KWQ_PORT", "file kwq.toml", "flag --port".
struct chosen_value {
    const setting* of = nullptr;
    std::string value;
    std::string origin;
};

/// What the parts of the process are given. Derived once, here.
struct config {
    std::string data;
    std::string port_file;
    std::string host;  // this machine's name
    std::string instance;
    std::string topic_prefix;
    std::optional<std::string> token;
    bool ui_read_only = false;
    std::string log_kind;  // embedded, kafka
    bool trim_log = true;  // the embedded one
    eventlog::kafka_config kafka;
    milliseconds session_timeout{6'000};
    std::string advertise;  // empty: the address and port it listens on
    milliseconds drain_timeout{10'000};
    net::server_config server;
    observe::logger_config log;
    scheduler::scheduler_config scheduler;
    tracker::tracker_config tracker;
};

struct resolved_config {
    config values;
    std::vector<chosen_value> chosen;  // one for each setting, in the table's order
    std::vector<std::string> remarks;  // nothing wrong, but worth a line in the log
};

/// Everything outside that has a say, so that tests can pass their own.
struct config_sources {
    std::vector<std::pair<std::string, std::string>> flags;  // setting name, value
    std::vector<std::pair<std::string, std::string>> environment;
    std::optional<std::string> file;  // --config: must be there
    std::vector<std::string> usual_files{"kwq.toml", "/etc/kwq/kwq.toml"};  // first one there
    std::string host_name = "kwq";
};

/// Why the configuration cannot be used: one line, with where it stands.
struct config_error {
    std::string message;
};
[[noreturn]] void throw_exception_from_error(const config_error& e,
                                             const boost::source_location& where);

result_of<resolved_config, config_error> read_config(const config_sources& sources);

/// `name = value  # origin` lines in the form of the file; secrets masked.
std::string print_config(const resolved_config& config);
/// The process's own KWQ_* variables.
std::vector<std::pair<std::string, std::string>> process_environment();

bool is_loopback(const std::string& address);

}  // namespace kwq::app
