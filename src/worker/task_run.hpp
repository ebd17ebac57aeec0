// task_run: one leased task while its command runs: starts it, keeps to its time limit, kills its
// group first gently and then for good, and says in the end what to report, if anything.
#pragma once

#include "worker/lease.hpp"
#include "worker/process.hpp"
#include "worker/reactor.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace kwq::worker {

class task_run {
public:
    struct plan {
        process_spec command;
        milliseconds backoff;
        std::optional<milliseconds> timeout;
        milliseconds kill_grace;
    };
    struct callbacks {
        std::function<void(std::string_view line)> on_log_line;
        /// Once, never from within start(). May destroy the task_run.
        std::function<void(report)> on_end;
    };

    task_run(reactor& events, const clock& c, plan p, callbacks calls);

    /// Ends the task early with `instead` as its report: SIGTERM now, SIGKILL after the grace. The
    /// first reason counts.
    void end_early(report instead);
    void kill_now();

    /// When tick() wants to be called.
    std::optional<mono_time> next_tick() const;
    void tick();

private:
    void ended(process_end end);

    reactor& events_;
    const clock& clock_;
    const plan plan_;
    callbacks calls_;
    std::unique_ptr<process> process_;
    std::optional<mono_time> timeout_at_;
    std::optional<mono_time> kill_at_;
    std::optional<report> instead_;
};

}  // namespace kwq::worker
