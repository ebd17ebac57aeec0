#include "scheduler/poll_desk.hpp"

#include "model/lease.hpp"

#include <algorithm>
#include <utility>

namespace kwq::scheduler {

using model::dispatch_state;

namespace {

model::error stopping() {
    return {model::errc::stopping, "the server is stopping", ""};
}

constexpr int max_races = 4;  // of a poll that does not wait any longer
constexpr milliseconds forget_interval{60'000};

directive directive_of(dispatch_state s) {
    switch (s) {
        case dispatch_state::running:
        case dispatch_state::paused: return directive::run;
        case dispatch_state::draining: return directive::drain;
        case dispatch_state::stopped: return directive::stop;
    }
    return directive::run;
}

}  // namespace

poll_desk::poll_desk(const scheduler_config& config, const scheduler_dependencies& deps,
                     const shard_runners& shards)
    : config_(config),
      time_(deps.time),
      shards_(shards),
      board_([this] {
          if (!woken_.exchange(true)) {
              loop_.post([this] { woken_ = false; });
          }
      }),
      loop_("kwq-polls", deps.time, deps.simulator.driver) {}

void poll_desk::start() {
    loop_.start([this] { return turn(); });
}

void poll_desk::stop() {
    loop_.post([this] {
        stopping_ = true;
        for (auto& [_, p] : std::exchange(polls_, {})) {
            p.done(stopping());
        }
        lines_.clear();
        deadlines_.clear();
    });
    loop_.stop();
}

// ---- any thread ---------------------------------------------------------------------------------

void poll_desk::poll(poll_ticket ticket, poll_request request, answer_callback done) {
    const auto posted = loop_.post([this, ticket, r = std::move(request), done]() mutable {
        take_in(ticket, std::move(r), std::move(done));
    });
    if (!posted) {
        done(stopping());
    }
}

void poll_desk::abandon(poll_ticket ticket) {
    loop_.post([this, ticket] {
        const auto found = polls_.find(ticket);
        if (found == polls_.end()) {
            return;
        }
        auto& p = found->second;
        for (const auto& [of_shard, shard] : p.asked) {
            shard->post([s = shard, of_shard = of_shard] { s->abandon(of_shard); });
        }
        give_back(p.answer);
        step_out(ticket, p);
        deadlines_.erase({p.deadline, ticket});
        workers_.waits(p.request.worker, false);
        const auto done = std::move(p.done);
        polls_.erase(found);
        done(model::error{model::errc::stopping, "the client has gone", ""});
    });
}

void poll_desk::stop_dispatch() {
    loop_.post([this] {
        stopping_ = true;
        end_waiting();
    });
}

void poll_desk::look(callback<view> done) {
    const auto posted = loop_.post([this, done] {
        view v;
        v.workers = workers_.list();
        for (const auto& [queue, line] : lines_) {
            v.waiting[queue] = static_cast<std::uint32_t>(line.size());
        }
        v.waiting_polls = polls_.size();
        v.polls = polls_taken_;
        v.polls_empty = polls_empty_;
        done(v);
    });
    if (!posted) {
        done(view{});
    }
}

// ---- the desk's thread --------------------------------------------------------------------------

std::optional<mono_time> poll_desk::turn() {
    const auto dispatch = board_.dispatch();
    if (dispatch != std::exchange(dispatch_, dispatch) &&
        (dispatch == dispatch_state::draining || dispatch == dispatch_state::stopped)) {
        end_waiting();  // workers hear of it now, not when their wait is over
    }
    look_again();
    serve();
    const auto now = time_.monotonic();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const auto ticket = deadlines_.begin()->second;
        deadlines_.erase(deadlines_.begin());
        polls_.at(ticket).over = true;
        finish_if_done(ticket);
    }
    return deadlines_.empty() ? std::nullopt : std::optional(deadlines_.begin()->first);
}

void poll_desk::take_in(poll_ticket ticket, poll_request request, answer_callback done) {
    if (polls_.size() >= config_.max_waiting_polls) {
        done(model::error{model::errc::overloaded, "too many workers wait already", ""});
        return;
    }
    ++polls_taken_;
    const auto at = time_.wall();
    workers_.polled(request.worker, request.queues, at);
    if (time_.monotonic() >= next_forget_) {
        workers_.forget_silent(at);
        next_forget_ = time_.monotonic() + forget_interval;
    }
    auto& p = polls_[ticket];
    p.request = std::move(request);
    p.done = std::move(done);
    p.over = stopping_ || p.request.max == 0;
    // A verdict does not wait for work: who settles is answered with what there is.
    const auto wait =
        p.request.settle.empty() ? std::min(p.request.wait, config_.max_wait) : milliseconds{0};
    settle(ticket, p);
    if (p.over) {
        finish_if_done(ticket);
        return;
    }
    workers_.waits(p.request.worker, true);
    to_look_.push_back(ticket);
    if (wait > milliseconds{0}) {
        p.deadline = time_.monotonic() + wait;
        deadlines_.emplace(p.deadline, ticket);
    } else {
        p.over = true;
    }
}

void poll_desk::settle(poll_ticket ticket, waiting_poll& p) {
    std::map<std::size_t, std::vector<std::size_t>> by_shard;
    for (std::size_t i = 0; i < p.request.settle.size(); ++i) {
        const auto& lease = p.request.settle[i].lease;
        p.answer.settled.push_back({lease, settle_status::lease_lost});
        const auto parts = model::decode_lease(lease);
        const auto shard = parts ? static_cast<std::size_t>(parts->shard.value()) : shards_.size();
        if (shard < shards_.size()) {
            p.answer.settled.back().status = settle_status::unknown;
            by_shard[shard].push_back(i);
        }
    }
    p.settles_out = by_shard.size();
    for (auto& [shard, members] : by_shard) {
        settle_at(*shards_[shard], ticket, std::move(members));
    }
}

void poll_desk::settle_at(shard_runner& shard, poll_ticket ticket,
                          std::vector<std::size_t> members) {
    const auto& p = polls_.at(ticket);
    poll_request only;
    only.worker = p.request.worker;
    only.queues = p.request.queues;
    only.max = 0;
    for (const auto i : members) {
        only.settle.push_back(p.request.settle[i]);
    }
    const auto settled = [this, ticket, members = std::move(members)](result<poll_answer> answer) {
        loop_.post([this, ticket, members, answer = std::move(answer)] {
            on_settled(ticket, members, answer);
        });
    };
    const auto of_shard = next_of_shard_++;
    if (!shard.post([&shard, of_shard, only = std::move(only), settled] {
            shard.poll(of_shard, only, settled);
        })) {
        settled(stopping());
    }
}

void poll_desk::on_settled(poll_ticket ticket, const std::vector<std::size_t>& members,
                           const result<poll_answer>& answer) {
    const auto found = polls_.find(ticket);
    if (found == polls_.end()) {
        return;
    }
    auto& p = found->second;
    for (std::size_t i = 0; answer && i < members.size() && i < answer->settled.size(); ++i) {
        p.answer.settled[members[i]].status = answer->settled[i].status;
    }
    --p.settles_out;
    finish_if_done(ticket);
}

// ---- taking -------------------------------------------------------------------------------------

void poll_desk::line_up(poll_ticket ticket, const waiting_poll& p) {
    for (const auto& queue : p.request.queues) {
        lines_[queue].insert(ticket);
    }
}

void poll_desk::step_out(poll_ticket ticket, const waiting_poll& p) {
    for (const auto& queue : p.request.queues) {
        const auto line = lines_.find(queue);
        if (line != lines_.end() && line->second.erase(ticket) > 0 && line->second.empty()) {
            lines_.erase(line);
        }
    }
}

void poll_desk::serve() {
    if (lines_.empty() || stopping_) {
        return;
    }
    for (const auto& queue : board_.queues()) {
        while (lines_.count(queue) > 0) {
            const auto ticket = *lines_.at(queue).begin();
            if (!ask(ticket, polls_.at(ticket))) {
                break;  // nothing for the first: nothing for those behind it either
            }
        }
    }
}

bool poll_desk::ask(poll_ticket ticket, waiting_poll& p) {
    if (!p.request.passed_on && dispatch_ == dispatch_state::running) {
        if (auto url = board_.elsewhere(p.request.queues, p.request.max)) {
            step_out(ticket, p);
            p.answer.elsewhere = std::move(*url);
            finish_if_done(ticket);
            return true;
        }
    }
    const auto shares = board_.take(p.request.queues, p.request.max);
    if (shares.empty()) {
        return false;
    }
    step_out(ticket, p);
    for (const auto& share : shares) {
        ask_shard(ticket, p, share);
    }
    return true;
}

void poll_desk::ask_shard(poll_ticket ticket, waiting_poll& p, const ready_board::share& share) {
    poll_request some;
    some.worker = p.request.worker;
    some.queues = p.request.queues;
    some.max = static_cast<std::uint32_t>(share.tasks);
    some.affinity = p.request.affinity;
    auto* const shard = shards_[static_cast<std::size_t>(share.shard.value())].get();
    const auto of_shard = next_of_shard_++;
    p.asked.emplace(of_shard, shard);
    const auto taken = [this, ticket, of_shard](result<poll_answer> answer) {
        loop_.post([this, ticket, of_shard, answer = std::move(answer)] {
            on_taken(ticket, of_shard, answer);
        });
    };
    if (!shard->post([shard, of_shard, some = std::move(some), taken] {
            shard->poll(of_shard, some, taken);
        })) {
        taken(stopping());
    }
}

void poll_desk::on_taken(poll_ticket ticket, poll_ticket of_shard, result<poll_answer> answer) {
    const auto found = polls_.find(ticket);
    if (found == polls_.end()) {
        if (answer) {
            give_back(*answer);
        }
        return;
    }
    auto& p = found->second;
    p.asked.erase(of_shard);
    if (answer) {
        for (auto& lease : answer->leases) {
            p.answer.leases.push_back(std::move(lease));
        }
    }
    if (p.asked.empty() && p.answer.leases.empty()) {
        line_up(ticket, p);  // another was quicker
        if (++p.races_lost < max_races && !stopping_ && ask(ticket, p)) {
            return;
        }
    }
    finish_if_done(ticket);
}

/// Nobody hears of these: back at once, unspent.
void poll_desk::give_back(const poll_answer& answer) {
    for (const auto& lease : answer.leases) {
        const auto parts = model::decode_lease(lease.lease);
        auto* const shard = shards_[static_cast<std::size_t>(parts->shard.value())].get();
        shard->post([shard, token = lease.lease] {
            shard->core().report(0, {token, report_release{}}, shard->now());
        });
    }
}

/// A poll must see what was in the log when it came, in every shard, or a less urgent task could
/// be taken for it: each shard has a turn first. One look serves all that came before it.
void poll_desk::look_again() {
    if (looks_out_ > 0 || to_look_.empty()) {
        return;
    }
    looking_ = std::exchange(to_look_, {});
    looks_out_ = shards_.size();
    for (const auto& shard : shards_) {
        shard->after_turn([this] {
            loop_.post([this] {
                if (--looks_out_ > 0) {
                    return;
                }
                const auto looked = std::exchange(looking_, {});
                for (const auto ticket : looked) {
                    if (const auto p = polls_.find(ticket); p != polls_.end()) {
                        p->second.looked = true;
                        line_up(ticket, p->second);
                    }
                }
                serve();
                for (const auto ticket : looked) {
                    finish_if_done(ticket);
                }
            });
        });
    }
}

void poll_desk::end_waiting() {
    std::vector<poll_ticket> all;
    for (auto& [ticket, p] : polls_) {
        p.over = true;
        p.looked = true;
        all.push_back(ticket);
    }
    for (const auto ticket : all) {
        finish_if_done(ticket);
    }
}

void poll_desk::finish_if_done(poll_ticket ticket) {
    const auto found = polls_.find(ticket);
    if (found == polls_.end()) {
        return;
    }
    auto& p = found->second;
    const bool takes = p.request.max > 0 && !stopping_;
    if (!p.asked.empty() || p.settles_out > 0 ||
        (p.answer.leases.empty() && p.answer.elsewhere.empty() &&
         !(p.over && (p.looked || !takes)))) {
        return;
    }
    step_out(ticket, p);
    deadlines_.erase({p.deadline, ticket});
    workers_.waits(p.request.worker, false);
    polls_empty_ += p.answer.leases.empty() ? 1 : 0;
    p.answer.directive = directive_of(dispatch_);
    const auto done = std::move(p.done);
    auto answer = std::move(p.answer);
    polls_.erase(found);
    done(std::move(answer));
}

}  // namespace kwq::scheduler
