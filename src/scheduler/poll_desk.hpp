// poll_desk: where workers wait when there are several shards. A poll is passed on to the shards
// that have the most urgent tasks ready, and waits here while none has any. What it settles goes to
// the shard of each lease. Has a thread of its own; shards answer to it.
#pragma once

#include "base/run_loop.hpp"
#include "scheduler/ready_board.hpp"
#include "scheduler/shard_runner.hpp"
#include "scheduler/worker_book.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kwq::scheduler {

using shard_runners = std::vector<std::unique_ptr<shard_runner>>;

class poll_desk {
public:
    using answer_callback = callback<result<poll_answer>>;

    /// What of the desk the whole scheduler's answers need.
    struct view {
        std::vector<worker_info> workers;
        std::map<model::queue_name, std::uint32_t> waiting;
        std::uint64_t waiting_polls = 0, polls = 0, polls_empty = 0;
    };

    /// `shards` is filled before start() and outlives the desk's last call.
    poll_desk(const scheduler_config& config, const scheduler_dependencies& deps,
              const shard_runners& shards);

    ready_board& board() { return board_; }

    void start();
    void stop();

    // ---- any thread ----
    void poll(poll_ticket ticket, poll_request request, answer_callback done);
    void abandon(poll_ticket ticket);
    void stop_dispatch();
    void look(callback<view> done);

private:
    struct waiting_poll {
        poll_request request;
        answer_callback done;
        poll_answer answer;
        mono_time deadline{};
        std::size_t settles_out = 0;                 // shards that settle for it
        std::map<poll_ticket, shard_runner*> asked;  // shards that take for it
        int races_lost = 0;                          // asked, and another was quicker
        bool looked = false;                         // at what shards had when it came
        bool over = false;                           // its time: answered when nothing is out
    };
    using polls = std::map<poll_ticket, waiting_poll>;

    std::optional<mono_time> turn();
    void take_in(poll_ticket ticket, poll_request request, answer_callback done);
    void settle(poll_ticket ticket, waiting_poll& p);
    void settle_at(shard_runner& shard, poll_ticket ticket, std::vector<std::size_t> members);
    void on_settled(poll_ticket ticket, const std::vector<std::size_t>& members,
                    const result<poll_answer>& answer);
    void serve();
    bool ask(poll_ticket ticket, waiting_poll& p);
    void ask_shard(poll_ticket ticket, waiting_poll& p, const ready_board::share& share);
    void on_taken(poll_ticket ticket, poll_ticket of_shard, result<poll_answer> answer);
    void line_up(poll_ticket ticket, const waiting_poll& p);
    void step_out(poll_ticket ticket, const waiting_poll& p);
    void look_again();
    void end_waiting();
    void finish_if_done(poll_ticket ticket);
    void give_back(const poll_answer& answer);

    const scheduler_config config_;
    const clock& time_;
    const shard_runners& shards_;
    // the desk's thread
    polls polls_;  // tickets grow: first come, first served
    std::map<model::queue_name, std::set<poll_ticket>> lines_;
    std::set<std::pair<mono_time, poll_ticket>> deadlines_;
    std::vector<poll_ticket> to_look_;  // came since the look under way began
    std::vector<poll_ticket> looking_;
    std::size_t looks_out_ = 0;
    worker_book workers_;
    mono_time next_forget_{};
    model::dispatch_state dispatch_ = model::dispatch_state::running;
    bool stopping_ = false;
    std::uint64_t polls_taken_ = 0, polls_empty_ = 0;
    poll_ticket next_of_shard_ = 1;
    // any thread
    std::atomic<bool> woken_{false};
    ready_board board_;
    run_loop loop_;  // last: stops first
};

}  // namespace kwq::scheduler
