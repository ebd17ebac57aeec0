#include "sim/workers.hpp"

#include <algorithm>
#include <utility>

namespace kwq::sim {

using scheduler::settle_status;

namespace {

constexpr milliseconds patience{5'000};
constexpr std::size_t remembered = 200;
constexpr int most_tries = 8;

}  // namespace

worker::worker(workers& all, model::worker_name name, std::size_t capacity)
    : all_(all), name_(std::move(name)), capacity_(capacity) {
    all_.model_.know_affinity(name_, all_.maker_.affinity_of(name_));
}

void worker::begin() {
    all_.world_.after(all_.world_.up_to(milliseconds{1'000}), [this] { poll(); });
}

void worker::poll() {
    auto& w = all_.world_;
    if (dead_) {
        return;
    }
    if (w.strikes(&faults::worker_died)) {
        dead_ = true;
        w.after(w.up_to(milliseconds{30'000}), [&all = all_] { all.hire(); });
        return;
    }
    if (w.strikes(&faults::worker_confused)) {
        confuse();
    }
    scheduler::poll_request r;
    r.worker = name_;
    r.affinity = all_.maker_.affinity_of(name_);
    r.queues.push_back(all_.maker_.some_queue());
    for (const auto& [queue, _] : all_.model_.queues()) {
        if (queue != r.queues.front() && (w.calm || w.chance(500))) {
            r.queues.push_back(queue);
        }
    }
    r.max = static_cast<std::uint32_t>(held_.size() < capacity_ ? 1 + w.below(4) : 0);
    r.wait = w.chance(500) ? milliseconds{0} : w.up_to(milliseconds{20'000});
    r.settle = std::exchange(to_settle_, {});
    if (r.max == 0 && r.settle.empty()) {
        w.after(milliseconds{500}, [this] { poll(); });
        return;
    }
    // Shared by the answer and by the client's going.
    const auto link = std::make_shared<poll_link>();
    if (r.wait > milliseconds{0} && w.strikes(&faults::client_gone)) {
        w.after(w.up_to(r.wait), [link] {
            link->gone = true;
            if (link->at != nullptr && link->at->is_alive()) {
                link->at->scheduler().abandon(link->ticket);
            }
        });
    }
    all_.net_.ask<scheduler::poll_answer>(
        [this, r, link](process& p, const answer<scheduler::poll_answer>& done) {
            all_.front_.poll(p, r, link, done);
        },
        [this, settled = r.settle](const std::optional<model::result<scheduler::poll_answer>>& a) {
            heard_poll(settled, a);
        },
        r.wait + patience);
}

void worker::heard_poll(const std::vector<scheduler::lease_report>& settled,
                        const std::optional<model::result<scheduler::poll_answer>>& r) {
    auto& w = all_.world_;
    if (dead_) {
        return;
    }
    for (std::size_t i = 0; i < settled.size(); ++i) {
        const bool known = r && *r && (*r)->settled[i].status != settle_status::unknown;
        if (!known) {
            to_settle_.push_back(settled[i]);
        }
    }
    if (r && *r) {
        for (const auto& l : (*r)->leases) {
            start_run(l);
        }
    }
    w.after(milliseconds{10} + w.up_to(milliseconds{r && *r ? 1'000 : 5'000}), [this] { poll(); });
}

void worker::start_run(const scheduler::granted_lease& l) {
    auto& w = all_.world_;
    const auto token = l.lease.value();
    all_.remember(token);
    const auto lease = l.task->body.limits.lease;
    auto& mine = held_[token] = {token, l.task->body.id, lease, w.strikes(&faults::worker_stalled)};
    if (mine.stalled) {
        w.after(lease * 2 + w.up_to(milliseconds{10'000}), [this, token] { finish(token); });
        return;
    }
    if (w.chance(500)) {
        report({l.lease, scheduler::report_running{}}, 1);
    }
    if (w.chance(800) || w.calm) {
        w.after(beat_interval(lease), [this, token] { beat(token); });
    }
    w.after(w.up_to(milliseconds{w.calm || w.chance(700) ? 2'000 : 30'000}),
            [this, token] { finish(token); });
}

/// Some come too late, when the end is decided or about to be.
milliseconds worker::beat_interval(milliseconds lease) {
    auto& w = all_.world_;
    return w.calm || !w.chance(60) ? lease / 3 : lease + w.up_to(lease);
}

void worker::beat(const std::string& token) {
    auto& w = all_.world_;
    const auto mine = held_.find(token);
    if (dead_ || mine == held_.end()) {
        return;
    }
    using answers = std::vector<scheduler::heartbeat_answer>;
    const std::vector<scheduler::heartbeat> beats{
        {model::lease_token{token},
         w.chance(500) ? "{\"done\": " + std::to_string(w.below(100)) + "}" : ""}};
    all_.net_.ask<answers>(
        [this, beats, asked_at = w.now()](process& p, const answer<answers>& done) {
            all_.front_.heartbeat(p, beats, asked_at, done);
        },
        [this, token](const std::optional<model::result<answers>>& a) {
            if (a && *a && (*a)->front().known && !(*a)->front().live) {
                held_.erase(token);  // lost: its work is for nothing
            }
        },
        patience);
    w.after(beat_interval(mine->second.lease), [this, token] { beat(token); });
}

void worker::finish(const std::string& token) {
    auto& w = all_.world_;
    const auto mine = held_.find(token);
    if (dead_ || mine == held_.end()) {
        return;
    }
    const scheduler::lease_report r{model::lease_token{token}, some_outcome(mine->second.id)};
    held_.erase(mine);
    if (w.chance(400)) {
        to_settle_.push_back(r);
    } else {
        report(r, most_tries);
    }
}

scheduler::report_kind worker::some_outcome(const model::task_id& id) {
    auto& w = all_.world_;
    const auto draw = w.calm ? 0 : w.below(100);
    if (draw < 50) {
        scheduler::report_complete done{"{\"by\": \"" + name_.value() + "\"}", {}};
        for (auto n = w.calm || !w.chance(550) ? 0 : 1 + w.below(3); n > 0; --n) {
            auto child = all_.maker_.make();
            child.id = w.chance(500) ? model::task_id{} : child.id;
            child.meta.emplace_back("parent", id.value());
            done.then.push_back(std::move(child));
        }
        return done;
    }
    if (draw < 85) {
        return scheduler::report_error{"it did not work", !w.chance(400)};
    }
    return scheduler::report_release{w.chance(500) ? milliseconds{0}
                                                   : w.up_to(milliseconds{10'000})};
}

void worker::report(const scheduler::lease_report& r, int tries) {
    all_.net_.ask<settle_status>(
        [this, r](process& p, const answer<settle_status>& done) {
            all_.front_.report(p, r, done);
        },
        [this, r, tries](const std::optional<model::result<settle_status>>& a) {
            const bool unknown = !a || (!*a && a->error().code != model::errc::lease_lost &&
                                        a->error().code != model::errc::outcome_conflict);
            if (unknown && tries > 0 && !dead_) {
                all_.world_.after(all_.world_.up_to(milliseconds{2'000}),
                                  [this, r, tries] { report(r, tries - 1); });
            }
        },
        patience);
}

/// Reports a lease that may be another's, or long over.
void worker::confuse() {
    auto& w = all_.world_;
    if (all_.told_.empty()) {
        return;
    }
    const model::lease_token token{all_.told_[w.below(all_.told_.size())]};
    if (w.below(6) == 0) {
        report({token, scheduler::report_running{}}, 0);
    } else {
        report({token, some_outcome(model::task_id{"confused"})}, 0);
    }
}

void workers::begin(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        hire();
    }
}

void workers::hire() {
    const auto name = "worker-" + std::to_string(all_.size());
    all_.push_back(std::make_unique<worker>(*this, model::worker_name{name}, 1 + world_.below(6)));
    all_.back()->begin();
}

void workers::send_help() {
    for (int i = 0; i < 3; ++i) {
        const auto name = "helper-" + std::to_string(i);
        all_.push_back(std::make_unique<worker>(*this, model::worker_name{name}, 16));
        all_.back()->begin();
    }
}

void workers::remember(const std::string& token) {
    told_.push_back(token);
    if (told_.size() > remembered) {
        told_.pop_front();
    }
}

}  // namespace kwq::sim
