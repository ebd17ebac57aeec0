// passed_polls: polls on their way. What a poll settles goes to the owner of each lease; what it
// takes comes from here, or from the instance that has more urgent work, whichever has it when the
// poll comes or while it waits.
#pragma once

#include "base/clock.hpp"
#include "base/run_loop.hpp"
#include "cluster/peers.hpp"
#include "scheduler/local_scheduler.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kwq::cluster {

/// Which instance to ask about a shard.
class owners {
public:
    explicit owners(const scheduler::local_scheduler& local) : local_(local) {}
    /// Nothing when this instance owns the shard or nobody is known to.
    std::optional<std::string> elsewhere(model::shard_id shard) const;
    std::optional<std::string> elsewhere(const model::lease_token& lease) const;
    bool here(const model::lease_token& lease) const;

private:
    const scheduler::local_scheduler& local_;
};

class passed_polls {
public:
    using answer_callback = scheduler::callback<model::result<scheduler::poll_answer>>;
    using settled_callback = scheduler::callback<model::result<scheduler::settle_status>>;

    passed_polls(scheduler::local_scheduler& local, const owners& who, peers& others,
                 const clock& time);

    void start();
    void stop();

    // ---- any thread ----
    scheduler::poll_ticket poll(scheduler::poll_request p, answer_callback done);
    void abandon(scheduler::poll_ticket ticket);
    /// One report, to wherever it is judged.
    void report(scheduler::lease_report r, settled_callback done);

private:
    struct passing {
        scheduler::poll_request request;
        answer_callback done;
        scheduler::poll_answer answer;
        std::optional<model::error> refused;
        mono_time deadline{};
        std::size_t out = 0;               // answers that it waits for
        scheduler::poll_ticket local = 0;  // of the poll here; 0: none
        bool asked_elsewhere = false;      // in this round
        bool gone = false;                 // its client
    };
    using passing_ptr = std::shared_ptr<passing>;
    using members = std::vector<std::size_t>;

    void begin(scheduler::poll_ticket ticket, const passing_ptr& p);
    void settle_elsewhere(const passing_ptr& p, scheduler::poll_ticket ticket,
                          const std::string& url, const members& which);
    void settle_in_log(const passing_ptr& p, scheduler::poll_ticket ticket, std::size_t i);
    void ask_here(scheduler::poll_ticket ticket, const passing_ptr& p,
                  std::vector<scheduler::lease_report> settle, const members& which);
    void ask_elsewhere(scheduler::poll_ticket ticket, const passing_ptr& p, const std::string& url);
    void step(scheduler::poll_ticket ticket, const passing_ptr& p);
    void give_back(const scheduler::poll_answer& answer);

    scheduler::local_scheduler& local_;
    const owners& owners_;
    peers& peers_;
    const clock& time_;
    std::atomic<scheduler::poll_ticket> next_ticket_{1};
    std::map<scheduler::poll_ticket, passing_ptr> polls_;  // the loop's thread
    run_loop loop_;
};

}  // namespace kwq::cluster
