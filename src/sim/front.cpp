#include "sim/front.hpp"

#include "codec/task_codec.hpp"

#include <algorithm>
#include <map>

namespace kwq::sim {

using model::errc;
using scheduler::poll_answer;
using scheduler::settle_status;

struct front::round {
    std::vector<model::task> tasks;
    std::vector<std::optional<model::record>> placed;
    std::size_t groups_out = 0;
    bool unknown = false;
    answer<std::vector<std::optional<model::record>>> done;
};

void front::submit(process& p, const std::vector<model::task>& tasks,
                   const answer<std::vector<std::optional<model::record>>>& done) {
    const auto r = std::make_shared<round>();  // shared by the answers of its groups
    r->tasks = tasks;
    r->placed.resize(tasks.size());
    r->done = done;
    std::map<model::record, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        auto& t = r->tasks[i];
        const auto priorities = p.scheduler().priorities_of(t.queue);
        if (!priorities) {
            done(model::error{errc::queue_unknown, "", ""});
            return;
        }
        t.priority = model::priority{std::clamp(t.priority.value(), 1, *priorities)};
        t.source = "try-" + std::to_string(++tries_);
        groups[{t.queue, t.priority, model::offset{0}}].push_back(i);
    }
    r->groups_out = groups.size();
    for (auto& [lane, members] : groups) {
        append_group(p, lane, std::move(members), r);
    }
}

void front::append_group(process& p, const model::record& lane, std::vector<std::size_t> members,
                         const std::shared_ptr<round>& r) {
    std::vector<eventlog::new_record> records;
    for (const auto i : members) {
        const auto& t = r->tasks[i];
        records.push_back({t.id.value(), codec::write_task(t), {}});
    }
    p.log().append(
        {topics_.tasks(lane.queue, lane.priority), 0}, std::move(records),
        eventlog::durability::synced,
        [this, lane, members = std::move(members), r](const eventlog::result<model::offset>& at) {
            for (std::size_t n = 0; n < members.size(); ++n) {
                const auto i = members[n];
                if (at) {
                    const auto offset = at->value() + static_cast<std::int64_t>(n);
                    r->placed[i] = {lane.queue, lane.priority, model::offset{offset}};
                    promises_.told_submitted(*r->placed[i], r->tasks[i].source);
                } else if (at.error().code == eventlog::errc::storage_full ||
                           at.error().code == eventlog::errc::overloaded) {
                    promises_.told_refused(r->tasks[i].source);
                } else {
                    r->unknown = true;
                }
            }
            if (--r->groups_out == 0 && r->unknown) {
                r->done(model::error{errc::outcome_unknown, "", ""});
            } else if (r->groups_out == 0) {
                r->done(r->placed);
            }
        });
}

void front::poll(process& p, const scheduler::poll_request& r,
                 const std::shared_ptr<poll_link>& link, const answer<poll_answer>& done) {
    link->at = &p;
    link->ticket =
        p.scheduler().poll(r, [this, &p, r, link, done](const model::result<poll_answer>& a) {
            if (p.is_dead()) {
                return;
            }
            if (!a) {
                done(a);
                return;
            }
            check_answer(r, *a);
            if (link->gone && !a->leases.empty()) {
                std::vector<model::lease_token> unheard;
                for (const auto& l : a->leases) {
                    unheard.push_back(l.lease);
                }
                p.scheduler().give_back(std::move(unheard));
                return;
            }
            done(a);
        });
}

void front::check_answer(const scheduler::poll_request& asked, const poll_answer& a) {
    world::demand(a.leases.size() <= asked.max, "a poll gets more than it asked for");
    world::demand(a.settled.size() == asked.settle.size(), "a poll settles something else");
    for (const auto& l : a.leases) {
        promises_.told_lease(l);
    }
    for (std::size_t i = 0; i < a.settled.size(); ++i) {
        promises_.told_settled(asked.settle[i], a.settled[i].status);
    }
}

void front::report(process& p, const scheduler::lease_report& r,
                   const answer<settle_status>& done) {
    p.scheduler().report(r, [this, &p, r, done](const model::result<settle_status>& s) {
        if (p.is_dead()) {
            return;
        }
        if (s) {
            promises_.told_settled(r, *s);
        } else if (s.error().code == errc::lease_lost) {
            promises_.told_settled(r, settle_status::lease_lost);
        } else if (s.error().code == errc::outcome_conflict) {
            promises_.told_settled(r, settle_status::conflict);
        }
        done(s);
    });
}

void front::heartbeat(process& p, const std::vector<scheduler::heartbeat>& beats,
                      mono_time asked_at,
                      const answer<std::vector<scheduler::heartbeat_answer>>& done) {
    p.scheduler().heartbeats(
        beats, [this, &p, asked_at,
                done](const model::result<std::vector<scheduler::heartbeat_answer>>& a) {
            if (p.is_dead()) {
                return;
            }
            if (a) {
                for (const auto& one : *a) {
                    if (!one.known) {
                        continue;
                    }
                    promises_.told_alive(one.lease, one.live, asked_at);
                }
            }
            done(a);
        });
}

void front::cancel(process& p, const model::record& where, const answer<model::offset>& done) {
    p.scheduler().cancel_task({.shard = model::shard_id{0}, .place = where, .id = {}},
                              [this, &p, where, done](const model::result<model::offset>& at) {
                                  if (at && !p.is_dead()) {
                                      promises_.told_changed(where, *at);
                                  }
                                  done(at);
                              });
}

void front::retry(process& p, const model::record& where, const answer<model::offset>& done) {
    p.scheduler().retry_task({.shard = model::shard_id{0}, .place = where, .id = {}},
                             [this, &p, where, done](const model::result<model::offset>& at) {
                                 if (at && !p.is_dead()) {
                                     promises_.told_changed(where, *at);
                                 }
                                 done(at);
                             });
}

void front::reprioritise(process& p, const model::record& where, model::priority to,
                         const answer<scheduler::reprioritised>& done) {
    p.scheduler().reprioritise_task(
        {.shard = model::shard_id{0}, .place = where, .id = {}}, to,
        [this, &p, where, done](const model::result<scheduler::reprioritised>& r) {
            if (r && r->moved && !p.is_dead()) {
                promises_.told_changed(where, r->at);
            }
            done(r);
        });
}

void front::control(process& p, const model::control_body& what,
                    const answer<scheduler::command_receipt>& done) {
    const auto told = [this, &p, done](const model::result<scheduler::command_receipt>& r) {
        if (r && !p.is_dead()) {
            promises_.told_control(r->control_offset);
        }
        done(r);
    };
    struct asker {
        scheduler::scheduler& s;
        scheduler::callback<model::result<scheduler::command_receipt>> told;
        void operator()(const model::gate& g) const { s.set_gate(g, told); }
        void operator()(const model::dispatch& d) const { s.set_dispatch(d, told); }
        void operator()(const model::command& c) const { s.give_command(c, told); }
        void operator()(const model::queue_defined& q) const { s.define_queue(q, told); }
    };
    std::visit(asker{p.scheduler(), told}, what);
}

}  // namespace kwq::sim
