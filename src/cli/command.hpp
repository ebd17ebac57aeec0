// command: one subcommand as data and one function. The data is what the parser, `kwq completion`
// and `kwq man` are made from, so the three cannot disagree.
#pragma once

#include "base/clock.hpp"
#include "cli/exit_code.hpp"
#include "cli/failure.hpp"
#include "cli/session.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kwq::cli {

/// Where the parser puts what was given; members of the command, which outlives the parsing.
using target =
    std::variant<bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*,
                 std::optional<std::int64_t>*, std::optional<milliseconds>*>;

struct option {
    std::string flags;  // "--queue" or "-q,--queue"
    std::string value;  // placeholder; empty: a switch
    std::string help;
    target to;
    std::vector<std::string> choices;  // what completion offers; `file`: file names
};

struct argument {
    std::string name;  // "TASK", shown in upper case
    std::string help;
    bool required = false;
    target to;  // a vector: takes all that are left
    std::vector<std::string> choices;
};

struct description {
    std::string name;     // "job", or "queue add"
    std::string summary;  // one line, no full stop
    std::string details;  // paragraphs for --help and the man page
    std::vector<option> options;
    std::vector<argument> arguments;
    std::vector<std::string> examples;
    bool client = true;   // takes the client options and talks to a server
    std::string alias{};  // another name for the same
};

class command {
public:
    virtual ~command() = default;
    virtual description describe() = 0;
    /// `s` is null for commands that talk to no server.
    virtual outcome<exit_code> run(session* s) = 0;
};

using command_list = std::vector<std::unique_ptr<command>>;

// One file for each; the list of them all is in command_line.cpp.
std::unique_ptr<command> make_backup_command();
std::unique_ptr<command> make_bench_command();
std::unique_ptr<command> make_cancel_command();
std::unique_ptr<command> make_check_command();
std::unique_ptr<command> make_dispatch_command();
std::unique_ptr<command> make_empty_command();
std::unique_ptr<command> make_errors_command();
std::unique_ptr<command> make_export_command();
std::unique_ptr<command> make_export_log_command();
std::unique_ptr<command> make_info_command();
std::unique_ptr<command> make_job_command();
std::unique_ptr<command> make_jobs_command();
std::unique_ptr<command> make_leases_command();
std::unique_ptr<command> make_pause_command();
std::unique_ptr<command> make_queue_add_command();
std::unique_ptr<command> make_queues_command();
std::unique_ptr<command> make_resume_command();
std::unique_ptr<command> make_retry_command();
std::unique_ptr<command> make_reprioritise_command();
std::unique_ptr<command> make_simulate_command();
std::unique_ptr<command> make_submit_command();
std::unique_ptr<command> make_tag_command();
std::unique_ptr<command> make_tags_command();
std::unique_ptr<command> make_task_command();
std::unique_ptr<command> make_tasks_command();
std::unique_ptr<command> make_top_command();
std::unique_ptr<command> make_version_command();
std::unique_ptr<command> make_work_command();
std::unique_ptr<command> make_workers_command();

/// The version of this build, as `kwq version` and `GET /cluster` say it.
std::string version_text();

}  // namespace kwq::cli
