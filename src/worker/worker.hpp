// worker: what `kwq work` runs. Takes leases over HTTP, runs one process for each task, reports how
// it ended. Everything it needs is in worker_config; it returns when there is nothing left to do,
// when a signal says so, or when it cannot start.
#pragma once

#include "base/clock.hpp"
#include "net/http_client.hpp"
#include "observe/logger.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace kwq::worker {

struct worker_config {
    net::client_config server;  // url and token
    std::string name;           // empty: <host>-<pid>-<4 hex digits>. Unique among live workers
    std::vector<std::string> queues{"default"};  // in order of preference
    std::vector<std::string> affinity;
    int concurrency = 1;               // tasks at once, 1..1000
    std::vector<std::string> command;  // argv; the first is looked up in PATH
    bool until_empty = false;          // end when the queues are drained
    milliseconds poll_wait{20'000};    // of a long poll, at most 30 s
    milliseconds kill_grace{5'000};    // between SIGTERM and SIGKILL
};

/// What run_worker returns; documented as the exit codes of `kwq work`.
enum class worker_end : int {
    done = 0,          // the queues are empty (until_empty), or drained after SIGTERM or SIGINT
    cannot_start = 2,  // bad configuration, or the command was not found; the reason is logged
    stopped = 3,       // until_empty, and dispatch was stopped before the queues were empty
    interrupted = 4,   // a second signal: tasks were killed and their leases released
};

/// Checks what a user may get wrong: empty when fine, else a sentence.
std::string check_config(const worker_config& config);

/// Blocks until the end. Takes SIGTERM and SIGINT for itself while it runs: the first one drains
/// (take no more, finish what runs), the second one kills what runs and releases it. Call from the
/// thread that no other thread was started by before (they would receive the signals). `task_log`
/// gets what tasks write to stderr, line by line, each with the task's id in front.
worker_end run_worker(const worker_config& config, observe::logger& logger, std::ostream& task_log);

}  // namespace kwq::worker
