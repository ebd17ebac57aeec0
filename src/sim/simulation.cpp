#include "sim/simulation.hpp"

#include "scheduler/shard.hpp"
#include "sim/final_checks.hpp"

#include <algorithm>

namespace kwq::sim {

namespace {

/// In simulated time, from the last fault to rest. The longest that anything waits by itself is a
/// task's time, its back-off, or a lease that nobody renews: well below five minutes here.
constexpr milliseconds rest_within{20 * 60 * 1'000};
constexpr std::uint64_t look_every = 64;
/// Many times what a crowd needs: a loop that is never done moves no clock.
constexpr std::uint64_t most_steps_to_rest = 3'000'000;

}  // namespace

simulation::simulation(const run_options& o, world& w)
    : options_(o),
      world_(w),
      host_(w, [this] { step(); }),
      net_(w, [this] { return host_.reach(); }),
      front_(host_.told(), host_.topics()),
      maker_(w, host_.model()),
      producers_(w, net_, front_, maker_, host_.log(), host_.topics()),
      workers_(w, net_, front_, maker_, host_.model()),
      steering_(w, net_, front_, maker_, host_.model(), host_.topics()),
      strangers_(w, host_.model(), host_.log(), host_.topics()) {}

void simulation::run() {
    begin();
    for (std::uint64_t i = 0; i < options_.steps; ++i) {
        host_.keep_alive();
        step();
    }
    come_to_rest();
    check_end();
    host_.rebuild();
    come_to_rest();
    check_end();
}

void simulation::begin() {
    host_.keep_alive();
    producers_.begin(static_cast<int>(1 + world_.below(4)));
    const bool crowd = world_.below(100) == 0;
    workers_.begin(crowd ? 200 + world_.below(2'000) : 1 + world_.below(12));
    steering_.begin();
    strangers_.begin();
}

/// The next thing in the world: a turn of a loop, something the log does, a message or a deed that
/// is due. When there is nothing, time goes on to when there will be.
void simulation::step() {
    if (!world_.calm) {
        host_.strike();
        if (world_.strikes(&faults::wall_stepped)) {
            const auto most = milliseconds{world_.below(4) == 0 ? 31'536'000'000 : 60'000};
            world_.time.step_wall(world_.up_to(most * 2) - most);
        }
        if (world_.strikes(&faults::slept)) {
            world_.time.advance_to(world_.now() + milliseconds{3'600'000} +
                                   world_.up_to(milliseconds{3'600'000}));
        }
    }
    const auto loops = host_.runnable();
    const std::size_t log = host_.log_is_busy() ? 2 : 0;
    const auto due = world_.plans.next();
    const std::size_t deeds = due && *due <= world_.now() ? 1 : 0;
    if (loops + log + deeds == 0) {
        auto next = host_.next_turn();
        next = due && (!next || *due < *next) ? due : next;
        world_.time.advance_to(next.value_or(world_.now() + milliseconds{1'000}));
        return;
    }
    if (world_.strikes(&faults::thread_late)) {
        world_.time.advance_to(world_.now() + world_.up_to(milliseconds{100}));
        return;
    }
    const auto draw = world_.below(loops + log + deeds);
    if (draw < loops) {
        host_.run(draw);
    } else if (draw < loops + log) {
        host_.step_log();
    } else {
        world_.plans.do_next();
    }
}

void simulation::come_to_rest() {
    if (!world_.calm) {
        world_.calm = true;
        world_.past.add("calm");
        host_.heal();
        host_.keep_alive();
        workers_.send_help();
        steering_.resume_all();
    }
    const auto until = world_.now() + rest_within;
    for (std::uint64_t i = 1; i % look_every != 0 || !is_at_rest(); ++i) {
        if (world_.now() > until || i > most_steps_to_rest) {
            world::broken("it does not come to rest: " + what_is_open());
        }
        host_.keep_alive();
        step();
    }
}

/// What the scheduler's core knows of a task that it should have handed out.
std::string simulation::core_says(const model::record& where) const {
    const auto* up = host_.reach();
    const auto* core = up == nullptr ? nullptr : up->core();
    if (core == nullptr) {
        return ", and no scheduler is up";
    }
    const auto* lane = core->state().find_lane(scheduler::lane_of(where));
    std::string out = core->is_owner() ? "; the owner has it" : "; no owner has it";
    out += lane != nullptr && lane->ahead.contains(where.offset) ? " ahead" : "";
    out += core->state().is_returned(where) ? " returned" : "";
    out += core->buffer().contains(where) ? " in the read-ahead" : "";
    out += core->wants(where) ? " and wants it" : " and does not want it";
    const auto now = world_.time.wall();
    out += core->control().dispatch(now).state == model::dispatch_state::running
               ? ""
               : ", but dispatch does not run";
    for (const auto& g : core->control().in_force(now)) {
        out += ", paused " + g.queue.value() + " " + g.job.value() + " " +
               std::to_string(static_cast<int>(g.scope));
    }
    for (const auto& [queue, priorities] : core->queues()) {
        for (const auto p : priorities) {
            if (const auto n = core->buffer().tasks({queue, p}); n > 0) {
                out += ", " + std::to_string(n) + " read ahead in " + queue.value() + "/" +
                       std::to_string(p.value());
            }
        }
    }
    return out + ", with " + std::to_string(core->unapplied()) + " unapplied, " +
           std::to_string(core->waiting_polls()) + " polls";
}

bool simulation::is_at_rest() {
    const auto* up = host_.reach();
    const auto* core = up == nullptr ? nullptr : up->core();
    return core != nullptr && steering_.all_resumed() && what_is_open().empty() &&
           core->state().applied_offset().value() + 1 == host_.model().status_end().value();
}

std::string simulation::what_is_open() const {
    const auto& m = host_.model();
    for (const auto& [where, t] : m.tasks()) {
        const bool ended = t.place == place::complete || t.place == place::dead ||
                           t.place == place::cancelled || t.place == place::duplicate ||
                           t.place == place::rejected;
        if (!ended) {
            return to_string(where) + " is " + std::string(model::to_string(t.place)) +
                   (t.parked ? " (parked)" : "") + core_says(where);
        }
    }
    if (!m.unfollowed().empty()) {
        return "the follow-ups of " + std::to_string(m.unfollowed().front().value()) +
               " are not submitted";
    }
    return {};
}

void simulation::check_end() {
    host_.told().still_hold();
    final_checks(world_, host_, [this] { step(); }).run();
}

run_result run_seed(const run_options& o, coverage& counts) {
    run_result result;
    world w(o.seed, counts, o.recording);
    if (o.print_all) {
        w.past.print_all();
    }
    w.may_go_wrong = o.only ? *o.only : draw_faults(w.random);
    const auto began = w.now();
    try {
        simulation(o, w).run();
    } catch (const violation& v) {
        result.violation = v.what();
    }
    result.events = w.past.events();
    result.simulated = w.now() - began;
    result.hash = w.past.hash();
    result.newest = w.past.newest();
    return result;
}

}  // namespace kwq::sim
