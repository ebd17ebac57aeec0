// worker_loop, the half that takes work and finds out when there is none left. What the functions
// named send_ and check_ post to a thread captures values only; the answer comes back by post().
#include "worker/worker_loop.hpp"

#include <algorithm>
#include <utility>

namespace kwq::worker {

namespace {

/// Dispatch is drained or stopped: how soon to ask again.
constexpr milliseconds directive_pause{2'000};
/// A wait that ends at once with nothing must not become a busy loop.
constexpr milliseconds at_once{50};
constexpr milliseconds early_pause{200};
/// With until_empty: a look at the counters at least this often.
constexpr milliseconds until_empty_wait{1'000};
/// In one request, of reports: it must stay far below what the server reads.
constexpr std::size_t most_settle_bytes = 1U << 20U;
constexpr std::size_t most_settlements = 1'000;
/// A drained queue is believed when the counters say so twice, with an empty take between.
constexpr int drained_enough = 2;

}  // namespace

void worker_loop::take_settlements(take_request& request) {
    std::size_t bytes = 0;
    for (auto& [token, h] : held_) {
        if (!h.outcome || h.telling || h.alone) {
            continue;
        }
        bytes += token.size() + h.outcome->result_json.size() + h.outcome->message.size() + 64;
        if (!request.settle.empty() && bytes > most_settle_bytes) {
            return;
        }
        h.telling = true;
        request.settle.push_back({token, *h.outcome});
        if (request.settle.size() == most_settlements) {
            return;
        }
    }
}

void worker_loop::send_take() {
    take_request request{.worker = config_.name,
                         .queues = config_.queues,
                         .affinity = config_.affinity,
                         .max = free_slots()};
    take_settlements(request);
    const bool quick = got_work_ || !request.settle.empty();
    if (!quick) {
        request.wait =
            config_.until_empty ? std::min(until_empty_wait, config_.poll_wait) : config_.poll_wait;
    }
    taking_ = quick ? taking::quick : taking::waiting;
    waited_from_ = quick ? std::nullopt : std::optional(services_.time.monotonic());
    taker_.post([this, request = std::move(request)] {
        std::vector<std::string> told;
        told.reserve(request.settle.size());
        for (const auto& each : request.settle) {
            told.push_back(each.token);
        }
        auto answer = take_client_.take(request);
        events_.post(
            [this, answer = std::move(answer), told = std::move(told)] { on_taken(answer, told); });
    });
}

void worker_loop::on_taken(call_result<take_answer> answer, std::vector<std::string> told) {
    taking_ = taking::idle;
    if (answer.has_error()) {
        on_take_failed(answer.error(), told);
        return;
    }
    take_failures_ = 0;
    greeted_ = true;
    for (const auto& [token, v] : answer->settled) {
        on_verdict(token, v);
    }
    for (const auto& token : told) {  // not answered: as if it had not been said
        if (const auto found = held_.find(token); found != held_.end()) {
            found->second.telling = false;
        }
    }
    got_work_ = !answer->leases.empty();
    for (auto& lease : answer->leases) {
        if (mode_ == mode::working) {
            start(std::move(lease));
        } else {
            refuse(std::move(lease));
        }
    }
    on_directive(*answer);
}

void worker_loop::on_take_failed(const call_failure& failure,
                                 const std::vector<std::string>& told) {
    for (const auto& token : told) {
        if (const auto found = held_.find(token); found != held_.end()) {
            found->second.telling = false;
            // A request that is refused is refused for all in it: they go alone from now on.
            found->second.alone = failure.refused;
        }
    }
    if (mode_ != mode::working) {
        release_unknown_leases();
        return;
    }
    if (failure.refused && !greeted_) {
        services_.logger.log(observe::level::error, "worker", "the server refuses this worker",
                             {{"reason", failure.reason}});
        ended_ = worker_end::cannot_start;
        return;
    }
    if (take_failures_ == 0) {
        services_.logger.log(observe::level::warn, "worker", "cannot take work; trying again",
                             {{"reason", failure.reason}});
    }
    take_after_ = after_backoff(take_failures_++);
    drained_seen_ = 0;
}

void worker_loop::on_directive(const take_answer& answer) {
    if (!answer.leases.empty()) {
        drained_seen_ = 0;
        return;
    }
    if (answer.directive != directive::run) {
        take_after_ = after(directive_pause);
    } else if (waited_from_ && after(-at_once) < *waited_from_) {
        take_after_ = after(early_pause);
    }
    if (mode_ != mode::working || !config_.until_empty || !held_.empty()) {
        return;
    }
    if (answer.directive == directive::stop) {
        check_whether_stopped();
    } else {
        check_whether_drained();
    }
}

void worker_loop::start(held_lease lease) {
    const std::string token = lease.token;
    if (held_.count(token) != 0) {
        return;  // an answer told twice
    }
    if (held_.empty()) {
        last_beat_ = services_.time.monotonic();
    }
    held& h = held_[token];
    h.lease = std::move(lease);
    h.run = std::make_unique<task_run>(
        events_, services_.time,
        task_run::plan{.command = command_for(h.lease),
                       .backoff = h.lease.backoff,
                       .timeout = h.lease.timeout,
                       .kill_grace = config_.kill_grace},
        task_run::callbacks{
            .on_log_line = [this,
                            id = h.lease.id](std::string_view line) { on_log_line(id, line); },
            .on_end = [this, token](report outcome) { on_run_ended(token, std::move(outcome)); }});
}

void worker_loop::refuse(held_lease lease) {
    held& h = held_[lease.token];
    h.lease = std::move(lease);
    h.outcome = report{.what = report::kind::release};
}

void worker_loop::check_whether_drained() {
    taking_ = taking::checking;
    taker_.post([this] {
        const auto drained = take_client_.queues_are_drained(config_.queues);
        const bool yes = drained.has_value() && *drained;
        events_.post([this, yes] {
            taking_ = taking::idle;
            drained_seen_ = yes ? drained_seen_ + 1 : 0;
            if (drained_seen_ == drained_enough) {
                ended_ = worker_end::done;
            }
        });
    });
}

/// A server that stops also tells its workers to stop; only the kill switch ends a worker.
void worker_loop::check_whether_stopped() {
    taking_ = taking::checking;
    taker_.post([this] {
        const auto stopped = take_client_.dispatch_is_stopped();
        const bool yes = stopped.has_value() && *stopped;
        events_.post([this, yes] {
            taking_ = taking::idle;
            if (yes) {
                services_.logger.log(observe::level::warn, "worker", "dispatch is stopped");
                ended_ = worker_end::stopped;
            }
        });
    });
}

/// A take was cut short by a signal. If the server gave it leases all the same, nobody would know
/// of them until they expire; so they are asked for and released. Only under a name of our own:
/// another worker might share one that was given.
void worker_loop::release_unknown_leases() {
    if (!own_name_) {
        return;
    }
    taking_ = taking::checking;
    taker_.post([this] {
        auto tokens = take_client_.leases_of(config_.name);
        events_.post([this, tokens = std::move(tokens)] {
            taking_ = taking::idle;
            for (const auto& token : tokens.has_value() ? *tokens : std::vector<std::string>()) {
                if (held_.count(token) == 0) {
                    held_lease unknown;
                    unknown.token = token;
                    refuse(std::move(unknown));
                }
            }
        });
    });
}

}  // namespace kwq::worker
