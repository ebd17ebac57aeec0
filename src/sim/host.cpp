#include "sim/host.hpp"

#include <algorithm>
#include <utility>

namespace kwq::sim {

namespace {

constexpr milliseconds longest_down{5'000};
constexpr milliseconds longest_weather{20'000};

}  // namespace

host::host(world& w, std::function<void()> step)
    : world_(w),
      step_(std::move(step)),
      log_(w.time, w.random),
      noted_(log_),
      model_(w, topics_, log_, noted_),
      promises_(w, topics_, log_, model_),
      machines_{machine{log_, topics_}, machine{log_, topics_}},
      logger_(observe::make_capturing_logger(
          [&w](observe::level, const std::string& line) { w.past.explain(line); })),
      config_(draw_config()) {
    if (config_.ready_buffer_bytes >= (1U << 20U)) {
        model_.promise_no_eviction();
    }
    for (const auto& q : config_.queues) {
        model_.configure_queue(q.queue, q.priorities);
    }
    change_weather();
}

host::~host() = default;

scheduler::scheduler_config host::draw_config() {
    scheduler::scheduler_config c;
    constexpr std::size_t buffers[] = {64U << 20U, 30'000, 15'000};
    c.ready_buffer_bytes = buffers[world_.below(std::size(buffers))];
    c.max_waiting_polls = world_.below(4) == 0 ? 2 : 10'000;
    constexpr std::int64_t horizons[] = {7LL * 24 * 3'600 * 1'000, 600'000, 10'000};
    c.horizon = milliseconds{horizons[world_.below(std::size(horizons))]};
    c.queues = {{model::queue_name{"default"}, 9}, {model::queue_name{"other"}, 2}};
    return c;
}

// ---- life and death -----------------------------------------------------------------------------

void host::keep_alive() {
    if (old_ && old_->is_dead()) {
        end(old_);
    }
    if (current_ && !old_ && is_replaced()) {
        current_->kill();  // by one who is no more: whoever runs the server starts it again
    }
    if (current_ && current_->is_dead()) {
        end(current_);
        up_again_at_ = world_.now() + (world_.calm ? milliseconds{0} : world_.up_to(longest_down));
    }
    if (current_ || world_.now() < up_again_at_) {
        return;
    }
    lose_states();
    world_.past.add("start", static_cast<std::int64_t>(processes_));
    auto config = config_;
    config.owner = "sim-" + std::to_string(processes_);
    current_ = std::make_unique<process>(process::parts{.on = machines_[machine_],
                                                        .around = world_,
                                                        .noted = noted_,
                                                        .model = model_,
                                                        .logger = *logger_,
                                                        .step = step_,
                                                        .config = std::move(config),
                                                        .number = processes_++});
    current_->start();
}

/// Somebody else has claimed since the process that answers clients did.
bool host::is_replaced() const {
    const auto* newest = current_->is_alive() ? model_.event_at(model_.epoch()) : nullptr;
    return newest != nullptr && std::get<model::claim>(newest->body).owner != current_->owner();
}

void host::end(std::unique_ptr<process>& p) {
    world_.past.add("end", static_cast<std::int64_t>(p->number()));
    p->bury();
    const bool alone = !current_ || !old_;
    dead_.push_back(std::move(p));
    // What was on its way to the log is lost with the process, or comes late, as from a network.
    if (alone && (world_.calm || world_.chance(700))) {
        log_.crash(eventlog::crash_kind::process);
    }
}

void host::lose_states() {
    auto& m = machines_[machine_];
    if (world_.strikes(&faults::scheduler_state_lost)) {
        m.scheduler_state.clear();
    }
    if (world_.strikes(&faults::tracker_state_lost)) {
        m.tracker_state.clear();
    }
}

void host::strike() {
    if (world_.strikes(&faults::power_cut)) {
        cut_power();
        return;
    }
    if (world_.strikes(&faults::log_stalled)) {
        const milliseconds most{world_.below(3) == 0 ? 40'000 : 2'000};
        log_stalled_until_ = world_.now() + world_.up_to(most);
        return;
    }
    if (!current_ || !current_->is_alive()) {
        return;
    }
    if (world_.strikes(&faults::killed)) {
        current_->kill();
    } else if (world_.strikes(&faults::killed_inside)) {
        current_->kill_at_call(1 + world_.below(20));
    } else if (world_.strikes(&faults::stopped_gently)) {
        current_->stop_gently();
    } else if (world_.strikes(&faults::suspended)) {
        current_->life().suspend(world_.now() + world_.up_to(milliseconds{120'000}));
    } else if (!old_ && world_.strikes(&faults::second_owner)) {
        current_->life().suspend(world_.now() + world_.up_to(milliseconds{10'000}));
        old_ = std::move(current_);
        machine_ = 1 - machine_;
    } else if (old_ && world_.chance(5)) {
        old_->kill();
    }
}

void host::cut_power() {
    for (auto* p : {current_.get(), old_.get()}) {
        if (p != nullptr) {
            p->kill();
        }
    }
    log_.crash(eventlog::crash_kind::power_cut);
    world_.past.add("power cut");
    for (auto& m : machines_) {
        for (auto* state : {&m.scheduler_state, &m.tracker_state}) {
            if (state->losable() > 0 && world_.strikes(&faults::state_rolled_back)) {
                state->lose_newest(1 + world_.below(state->losable()));
            }
        }
    }
    model_.read_again();
    promises_.still_hold();
    world_.counts.happened("check: promises after a power cut");
}

void host::heal() {
    if (old_) {
        old_->kill();
    }
    if (current_) {
        current_->life().suspend(world_.now());
    }
    log_.set_faults({});
    log_stalled_until_ = world_.now();
    world_.time.repair_wall();
}

void host::rebuild() {
    current_->kill();
    machines_[machine_].scheduler_state.clear();
    machines_[machine_].tracker_state.clear();
    keep_alive();
}

// ---- the disk -----------------------------------------------------------------------------------

/// Disks are bad for a while and well again.
void host::change_weather() {
    if (world_.calm) {
        return;
    }
    const auto& f = world_.may_go_wrong;
    const auto perhaps = [&](std::uint32_t chance) { return world_.below(2) == 0 ? chance : 0; };
    eventlog::simulated_faults bad;
    bad.delayed = perhaps(f.disk_slow);
    bad.late_answer = perhaps(f.disk_slow);
    bad.storage_full = perhaps(f.disk_full);
    bad.unknown_stops = f.log_stopped > 0 && world_.below(2) == 0;
    bad.unknown = perhaps(bad.unknown_stops ? f.log_stopped : f.append_failed);
    log_.set_faults(bad);
    world_.after(milliseconds{1'000} + world_.up_to(longest_weather), [this] { change_weather(); });
}

void host::count_disk_faults() {
    const auto& now = log_.faults_struck();
    world_.counts.fault_struck(&faults::disk_slow, now.delays - counted_.delays);
    world_.counts.fault_struck(&faults::disk_full, now.full - counted_.full);
    world_.counts.fault_struck(&faults::log_stopped, now.stops - counted_.stops);
    world_.counts.fault_struck(&faults::append_failed,
                               now.unknown - counted_.unknown - (now.stops - counted_.stops));
    if (now.stops > counted_.stops) {
        // The log has told its process, which must end, if its folds do not notice before.
        world_.after(world_.up_to(milliseconds{100}), [this] {
            for (auto* p : {current_.get(), old_.get()}) {
                if (p != nullptr) {
                    p->kill();
                }
            }
        });
    }
    counted_ = now;
}

// ---- what can be done next ----------------------------------------------------------------------

std::size_t host::runnable() const {
    return (current_ ? current_->life().runnable() : 0) + (old_ ? old_->life().runnable() : 0);
}

void host::run(std::size_t n) {
    const auto of_current = current_ ? current_->life().runnable() : 0;
    if (n < of_current) {
        current_->life().run(n);
    } else {
        old_->life().run(n - of_current);
    }
}

bool host::log_is_busy() const {
    return log_.is_busy() && world_.now() >= log_stalled_until_;
}

void host::step_log() {
    world_.past.add("log");
    log_.step();
    count_disk_faults();
    model_.catch_up();
}

std::optional<mono_time> host::next_turn() const {
    const bool stalled = world_.now() < log_stalled_until_;
    std::optional<mono_time> next = stalled ? log_stalled_until_ : log_.next_sync();
    const auto consider = [&](const std::optional<mono_time>& at) {
        next = at && (!next || *at < *next) ? at : next;
    };
    for (const auto* p : {current_.get(), old_.get()}) {
        if (p != nullptr) {
            consider(const_cast<process*>(p)->life().next_turn());
        }
    }
    if (!current_) {
        consider(up_again_at_);
    }
    return next;
}

}  // namespace kwq::sim
