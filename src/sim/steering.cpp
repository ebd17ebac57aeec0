#include "sim/steering.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace kwq::sim {

namespace {

constexpr milliseconds patience{10'000};
constexpr std::size_t dead_to_retry = 3;
constexpr int for_ever = std::numeric_limits<int>::max();

}  // namespace

void steering::begin() {
    const auto pace = milliseconds{60} + world_.up_to(milliseconds{1'000});
    world_.after(world_.up_to(pace), [this, pace] { act(pace); });
}

void steering::act(milliseconds pace) {
    if (world_.calm) {
        return;
    }
    const auto draw = world_.below(100);
    if (draw < 20) {
        some_gate();
    } else if (draw < 24) {
        some_dispatch();
    } else if (draw < 34) {
        some_command();
    } else if (draw < 97) {
        some_task();
    } else {
        const auto n = queues_made_ < 2 ? queues_made_++ : world_.below(2);
        give(model::queue_defined{model::queue_name{"made-" + std::to_string(n)},
                                  static_cast<std::int32_t>(1 + n)},
             2, false);
    }
    for (auto n = world_.below(4); n > 0; --n) {
        some_move();
    }
    world_.after(milliseconds{1} + world_.up_to(pace), [this, pace] { act(pace); });
}

model::gate steering::gate_of_some_scope() {
    model::gate g;
    switch (world_.below(8)) {
        case 0: g.scope = model::gate_scope::all; break;
        case 1:
            g.scope = model::gate_scope::queue;
            g.queue = maker_.some_queue();
            break;
        case 2:
        case 3:
            g.scope = model::gate_scope::priority;
            g.queue = maker_.some_queue();
            g.priority = model::priority{static_cast<std::int32_t>(1 + world_.below(9))};
            break;
        default:
            g.scope = model::gate_scope::job;
            g.job = maker_.some_job();
            break;
    }
    return g;
}

void steering::some_gate() {
    model::gate g;
    if (!paused_.empty() && world_.chance(600)) {
        const auto n = static_cast<std::ptrdiff_t>(world_.below(paused_.size()));
        g = paused_[static_cast<std::size_t>(n)];
        paused_.erase(paused_.begin() + n);
        g.paused = false;
        g.until.reset();
    } else {
        g = gate_of_some_scope();
        g.paused = true;
        if (world_.chance(500)) {
            g.until = world_.time.wall() + world_.up_to(milliseconds{20'000});
        }
        paused_.push_back(g);
    }
    give(g, 3, false);
}

void steering::some_dispatch() {
    model::dispatch d;
    d.state = static_cast<model::dispatch_state>(world_.below(4));
    if (world_.chance(700)) {
        d.until = world_.time.wall() + world_.up_to(milliseconds{10'000});
    }
    give(d, 3, false);
}

std::vector<std::vector<model::topic_end>> steering::ends(process& p,
                                                          const model::queue_name* only) const {
    std::vector<std::vector<model::topic_end>> out(1);
    for (const auto& [queue, n] : model_.queues()) {
        for (std::int32_t i = 1; i <= n && (only == nullptr || *only == queue); ++i) {
            const auto range = p.log().range({topics_.tasks(queue, model::priority{i}), 0});
            if (range && range->end.value() > 0) {
                out[0].push_back({queue, model::priority{i}, range->end});
            }
        }
    }
    return out;
}

void steering::some_command() {
    model::command c;
    const auto draw = world_.below(10);
    if (draw < 6) {
        c.action = model::control_action::retry_job;
        c.job = maker_.some_job();
    } else if (draw < 8) {
        c.action = model::control_action::cancel_job;
        c.job = maker_.some_job();
    } else {
        c.action = model::control_action::empty_queue;
        c.queue = maker_.some_queue();
        if (world_.chance(500)) {
            c.priority = model::priority{static_cast<std::int32_t>(1 + world_.below(9))};
        }
    }
    net_.ask<scheduler::command_receipt>(
        [this, c](process& p, const answer<scheduler::command_receipt>& done) {
            auto with_ends = c;
            if (c.action == model::control_action::cancel_job) {
                with_ends.ends = ends(p, nullptr);
            } else if (c.action == model::control_action::empty_queue) {
                with_ends.ends = ends(p, &c.queue);
            }
            front_.control(p, with_ends, done);
        },
        [](const auto&) {}, patience);
}

std::vector<model::record> steering::tasks_in(place wanted) const {
    std::vector<model::record> found;
    for (const auto& [where, t] : model_.tasks()) {
        if (t.place == wanted) {
            found.push_back(where);
        }
    }
    return found;
}

/// A dead task is retried, any other cancelled; of rare places as often as of others.
void steering::some_task() {
    constexpr place places[] = {place::dead,      place::dead,      place::dead,
                                place::dead,      place::scheduled, place::scheduled,
                                place::scheduled, place::leased,    place::leased,
                                place::ahead,     place::pending,   place::complete};
    auto wanted = places[world_.below(std::size(places))];
    auto found = tasks_in(wanted);
    if (found.empty()) {
        wanted = place::dead;
        found = tasks_in(wanted);
    }
    if (found.empty()) {
        return;
    }
    const bool retry = wanted == place::dead || world_.chance(100);
    net_.ask<model::offset>(
        [this, where = found[world_.below(found.size())], retry](
            process& p, const answer<model::offset>& done) {
            retry ? front_.retry(p, where, done) : front_.cancel(p, where, done);
        },
        [](const auto&) {}, patience);
}

/// Of those that wait most of all; the others must be left as they are.
void steering::some_move() {
    constexpr place places[] = {place::scheduled, place::scheduled, place::scheduled,
                                place::scheduled, place::ahead,     place::ahead,
                                place::pending,   place::leased,    place::complete};
    auto found = tasks_in(places[world_.below(std::size(places))]);
    if (found.empty()) {
        found = tasks_in(place::ahead);
    }
    if (found.empty()) {
        return;
    }
    const auto& where = found[world_.below(found.size())];
    const auto n = static_cast<std::uint64_t>(model_.queues().at(where.queue));
    const model::priority to{static_cast<std::int32_t>(1 + world_.below(n))};
    net_.ask<scheduler::reprioritised>(
        [this, where, to](process& p, const answer<scheduler::reprioritised>& done) {
            front_.reprioritise(p, where, to, done);
        },
        [](const auto&) {}, patience);
}

void steering::give(const model::control_body& what, int tries, bool counted) {
    net_.ask<scheduler::command_receipt>(
        [this, what](process& p, const answer<scheduler::command_receipt>& done) {
            front_.control(p, what, done);
        },
        [this, what, tries,
         counted](const std::optional<model::result<scheduler::command_receipt>>& r) {
            if (r && *r) {
                to_resume_ -= counted ? 1 : 0;
            } else if (tries > 0 && (counted || !world_.calm)) {
                world_.after(milliseconds{500},
                             [this, what, tries, counted] { give(what, tries - 1, counted); });
            }
        },
        patience);
}

void steering::resume_all() {
    std::vector<model::control_body> all{model::dispatch{}, model::gate{}};
    for (const auto& [queue, n] : model_.queues()) {
        all.emplace_back(model::gate{.scope = model::gate_scope::queue, .queue = queue});
        for (std::int32_t p = 1; p <= n; ++p) {
            all.emplace_back(model::gate{.scope = model::gate_scope::priority,
                                         .queue = queue,
                                         .priority = model::priority{p}});
        }
    }
    for (int i = 0; i < 4; ++i) {
        all.emplace_back(model::gate{.scope = model::gate_scope::job,
                                     .job = model::job_name{"job-" + std::to_string(i)}});
    }
    all.emplace_back(
        model::gate{.scope = model::gate_scope::job, .job = model::job_name{"default"}});
    to_resume_ = all.size();
    // Not before the last of what was asked for until now has arrived.
    world_.after(network::longest_travel, [this, all = std::move(all)] {
        for (const auto& what : all) {
            give(what, for_ever, true);
        }
        retry_dead();
    });
}

/// A few of the dead are tried once more, and must come to rest like everything else.
void steering::retry_dead() {
    auto dead = tasks_in(place::dead);
    dead.resize(std::min(dead.size(), dead_to_retry));
    to_resume_ += dead.size();
    for (const auto& where : dead) {
        net_.ask<model::offset>(
            [this, where](process& p, const answer<model::offset>& done) {
                front_.retry(p, where, done);
            },
            [this](const auto&) { --to_resume_; }, patience);
    }
}

}  // namespace kwq::sim
