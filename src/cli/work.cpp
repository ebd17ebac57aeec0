// `kwq work`: runs one process for each task. The work itself is in src/worker.
#include "cli/command.hpp"
#include "cli/quantity.hpp"
#include "cli/terminal.hpp"
#include "worker/worker.hpp"

#include <iostream>

namespace kwq::cli {

namespace {

class work_command : public command {
public:
    description describe() override {
        return {
            .name = "work",
            .summary = "Take tasks and run a command for each",
            .details =
                "The payload is the command's standard input, its standard output the result (JSON "
                "as it is, anything else as a string), its standard error the log. KWQ_TASK_ID, "
                "KWQ_JOB, KWQ_ATTEMPT and more are in its environment. Exit code 0: complete. 75: "
                "given back, for later. 65 or 78: failed for good. Anything else or a signal: an "
                "error, retried.\n\nThe first SIGTERM or SIGINT lets it finish what it runs, a "
                "second one ends it at once.",
            .options =
                {{"-q,--queue",
                  "QUEUE",
                  "Queue to serve; repeat in order of preference",
                  &queues_,
                  {}},
                 {"-c,--concurrency", "N", "Tasks at the same time; default: 1", &concurrency_, {}},
                 {"--name",
                  "NAME",
                  "Name of this worker; default: made from host and process",
                  &name_,
                  {}},
                 {"--affinity",
                  "NAME",
                  "Tasks that name this are preferred; may be repeated",
                  &affinity_,
                  {}},
                 {"--until-empty,--burst", "", "End when nothing is left to do", &until_empty_, {}},
                 {"--kill-grace",
                  "TIME",
                  "How long a task may take to end once it is told to; default: 5s",
                  &kill_grace_,
                  {}},
                 {"--log-level",
                  "LEVEL",
                  "debug, info, warn or error; default: info",
                  &log_level_,
                  {"debug", "info", "warn", "error"}}},
            .arguments = {{"COMMAND", "what to run, behind --", true, &command_, {}}},
            .examples = {"kwq work --queue mail -c 4 -- ./send-mail",
                         "kwq work --until-empty -- sh -c 'sha256sum | cut -d\" \" -f1'"}};
    }

    outcome<exit_code> run(session* s) override {
        worker::worker_config config;
        config.server = s->server();
        config.name = name_;
        if (!queues_.empty()) {
            config.queues = queues_;
        }
        config.affinity = affinity_;
        config.concurrency = static_cast<int>(concurrency_.value_or(1));
        config.command = command_;
        config.until_empty = until_empty_;
        config.kill_grace = kill_grace_.value_or(config.kill_grace);
        if (concurrency_.value_or(1) < 1 || concurrency_.value_or(1) > 1'000) {
            return usage_failure("--concurrency must be 1 to 1000");
        }
        if (!log_level_.empty() && log_level_ != "debug" && log_level_ != "info" &&
            log_level_ != "warn" && log_level_ != "error") {
            return usage_failure("--log-level must be debug, info, warn or error, not `" +
                                 log_level_ + "`");
        }
        if (const auto why = worker::check_config(config); !why.empty()) {
            return usage_failure(why);
        }
        return run_with_logger(*s, config);
    }

private:
    outcome<exit_code> run_with_logger(session& s, const worker::worker_config& config) const {
        observe::logger_config log;
        log.at_least = log_level_ == "debug"  ? observe::level::debug
                       : log_level_ == "warn" ? observe::level::warn
                       : log_level_ == "error" || (log_level_.empty() && s.options().quiet)
                           ? observe::level::error
                           : observe::level::info;
        const auto logger = observe::make_logger(log);
        switch (worker::run_worker(config, *logger, std::cerr)) {
            case worker::worker_end::done: return exit_code::ok;
            case worker::worker_end::cannot_start: return exit_code::usage;
            case worker::worker_end::stopped: return exit_code::not_found;  // 3: see docs/cli.md
            case worker::worker_end::interrupted: break;
        }
        return exit_code::interrupted;
    }

    std::vector<std::string> queues_, affinity_, command_;
    std::optional<std::int64_t> concurrency_;
    std::optional<milliseconds> kill_grace_;
    std::string name_, log_level_;
    bool until_empty_ = false;
};

}  // namespace

std::unique_ptr<command> make_work_command() {
    return std::make_unique<work_command>();
}

}  // namespace kwq::cli
