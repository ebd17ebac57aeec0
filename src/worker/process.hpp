// process: one child in its own session, fed through stdin, its stdout kept and its stderr handed
// on line by line. It never blocks its owner: everything happens in callbacks of the reactor. The
// child dies with the thread that started it, and its descendants in the session's group die with
// it.
#pragma once

#include "base/result.hpp"
#include "worker/line_reader.hpp"
#include "worker/reactor.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace kwq::worker {

struct process_spec {
    std::string path;  // of the program; no search
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  // NAME=value, the whole of it
    std::string input;
    std::size_t output_limit = 65'536;  // bytes of stdout that are kept
};

struct process_end {
    bool by_signal = false;
    int code = 0;  // exit code, or the signal's number
    std::string output;
    bool output_cut = false;  // there was more than output_limit
    std::string log_tail;     // the end of stderr, at most 4 KiB
};

struct start_failure {
    std::string reason;
};
[[noreturn]] void throw_exception_from_error(const start_failure& e,
                                             const boost::source_location& where);

class process {
public:
    struct callbacks {
        std::function<void(std::string_view line)> on_log_line;
        /// Once, when the child has gone and all it wrote was read. May destroy the process.
        std::function<void(process_end)> on_end;
    };

    static result_of<std::unique_ptr<process>, start_failure> start(reactor& events,
                                                                    process_spec spec,
                                                                    callbacks calls);
    ~process();  // a child that still runs is killed with its group, and waited for
    process(const process&) = delete;
    process& operator=(const process&) = delete;

    /// Sends `signal` to the child and its group. Safe at any time before on_end.
    void kill_group(int signal) const;
    pid_t pid() const { return pid_; }

private:
    struct pipes;

    process(reactor& events, process_spec spec, callbacks calls);
    void adopt(pipes& ends, pid_t pid);
    void feed();
    void read_output();
    void read_log();
    bool read_some(int fd, std::string& into) const;
    void finish();
    void close_fd(int& fd);

    reactor& events_;
    std::string input_;
    std::size_t fed_ = 0;
    const std::size_t output_limit_;
    callbacks calls_;
    line_reader log_;
    process_end end_;
    pid_t pid_ = -1;
    int pidfd_ = -1;
    int in_ = -1;
    int out_ = -1;
    int err_ = -1;
};

/// Where `name` is, by PATH unless it has a slash; nothing when there is no such program.
std::optional<std::string> find_program(const std::string& name);

}  // namespace kwq::worker
