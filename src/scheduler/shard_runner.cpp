#include "scheduler/shard_runner.hpp"

#include "base/assert.hpp"
#include "base/hash.hpp"
#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"

#include <algorithm>
#include <utility>

namespace kwq::scheduler {

namespace {

constexpr std::size_t read_bytes = 1U << 20U;
constexpr milliseconds commit_interval{200};
constexpr milliseconds retry_interval{1'000};
constexpr milliseconds reclaim_interval{2'000};
constexpr std::size_t commit_bytes = 8U << 20U;

}  // namespace

shard_runner::shard_runner(model::shard_id id, const scheduler_config& config,
                           const scheduler_dependencies& deps, ready_board* board)
    : id_(id),
      config_(config),
      deps_(deps),
      status_{deps.topics.status(), id.value()},
      control_{deps.topics.control(), 0},
      rejected_{deps.topics.rejected(), id.value()},
      board_(board),
      horizon_(std::make_shared<std::atomic<std::int64_t>>(0)),
      loop_("kwq-shard-" + std::to_string(id.value()), deps.time, deps.simulator.driver) {}

shard_runner::~shard_runner() {
    stop();
}

moment shard_runner::now() const {
    return {deps_.time.wall(), deps_.time.monotonic().time_since_epoch()};
}

bool shard_runner::post(std::function<void()> call) {
    return loop_.post([this, call = std::move(call)] { or_die(call); });
}

void shard_runner::or_die(const std::function<void()>& call) {
    try {
        call();
    } catch (const store::storage_failure& e) {
        die(e.what());
    }
}

void shard_runner::die(const std::string& what) {
    if (!std::exchange(dead_, true)) {
        is_owner_ = false;
        deps_.logger.log(observe::level::error, "scheduler", what);
        deps_.fatal(what);
    }
}

// ---- one turn -----------------------------------------------------------------------------------

std::optional<mono_time> shard_runner::turn() {
    if (dead_) {
        return std::nullopt;
    }
    read_status();
    read_control();
    read_lane_ends();
    retry_follow_ups();
    if (claim_again_ && deps_.time.monotonic() >= *claim_again_) {
        claim();
    }
    perform_all();
    append_batch();
    release_durable();
    commit_if_due();
    is_owner_ = shard_->is_owner() && !dead_;
    publish_info();
    publish_ready();
    if (shard_->is_owner() && !std::exchange(owned_set_, shard_->is_owner())) {
        owned_.set_value();
    }
    std::optional<mono_time> next = claim_again_;
    const auto consider = [&](std::optional<mono_time> at) {
        next = at && (!next || *at < *next) ? at : next;
    };
    if (const auto wake = shard_->next_wake(now())) {
        consider(mono_time{*wake});
    }
    if (kv_->uncommitted_bytes() > 0) {
        consider(next_commit_);
    }
    if (!follow_again_.empty()) {
        consider(follow_again_.front().first);
    }
    if (status_end_.value() > shard_->state().applied_offset().value() + 1) {
        consider(deps_.time.monotonic());
    }
    return next;
}

/// One batch of the status partition; true when there was one.
bool shard_runner::read_status() {
    const auto applied = shard_->state().applied_offset();
    if (applied.value() + 1 >= status_end_.value()) {
        return false;
    }
    const offset next{applied.value() + 1};
    const auto batch = deps_.log.read(status_, std::max(next, status_first_), read_bytes);
    if (!batch) {
        die("cannot read " + status_.topic + ": " + batch.error().detail);
        return false;
    }
    const auto when = now();
    for (const auto& r : *batch) {
        const auto crc = crc32c(r.value);
        auto e = read_event(r.value);
        if (e) {
            const auto* claim = std::get_if<model::claim>(&e->body);
            const bool is_claim = claim != nullptr;
            if (is_claim) {
                newest_claim_ = *claim;
            }
            const auto a = shard_->on_event({r.offset, std::move(*e)}, crc, when);
            if (is_claim) {
                on_claim_read();
            }
            if (deps_.simulator.after_event) {
                deps_.simulator.after_event(*shard_, r.offset, a);
            }
            continue;
        }
        if (e.error().what == codec::decode_failure::unknown_version) {
            die("shard " + std::to_string(id_.value()) +
                " stops: an event of an unknown version at " + std::to_string(r.offset.value()) +
                " of " + status_.topic);
            return false;
        }
        ++undecodable_;
        shard_->on_unreadable(r.offset, crc);
        deps_.logger.log(observe::level::warn, "scheduler",
                         "an event that cannot be read is skipped",
                         {{"offset", std::to_string(r.offset.value())}, {"why", e.error().detail}});
    }
    return !batch->empty();
}

codec::decoded<model::event> shard_runner::read_event(std::string_view value) {
    if (auto mine = sent_.take(value)) {
        return std::move(*mine);
    }
    return codec::read_event(value);
}

/// Two who claim in turn would never decide: whoever is replaced waits, and claims again only if it
/// is the one that should own the shard.
void shard_runner::on_claim_read() {
    if (shard_->is_owner() || newest_claim_.nonce == nonce_) {
        return;
    }
    if (owned_set_ || !config_.owns_all) {
        claim_again_.reset();
    }
    if (!config_.owns_all) {
        wants_ = should_own_.load();
        if (should_own_) {
            claim_again_ = deps_.time.monotonic() + reclaim_interval;
        }
    }
}

void shard_runner::read_control() {
    while (!dead_) {
        const auto batch = deps_.log.read(control_, control_next_, read_bytes);
        if (!batch) {
            die("cannot read " + control_.topic + ": " + batch.error().detail);
            return;
        }
        if (batch->empty()) {
            return;
        }
        for (const auto& r : *batch) {
            control_next_ = offset{r.offset.value() + 1};
            const auto c = codec::read_control(r.value);
            if (!c) {
                ++undecodable_;
                continue;
            }
            if (const auto* q = std::get_if<model::queue_defined>(&c->body)) {
                add_queue(*q);
            }
            shard_->on_control(r.offset, *c, now());
        }
    }
}

void shard_runner::read_lane_ends() {
    for (const auto& [lane, end] : std::exchange(lane_ends_, {})) {
        shard_->on_lane_end(lane, end);
    }
}

void shard_runner::perform_all() {
    // Reads feed the core, which may decide more at once; bounded, so that callers get their turn.
    for (int round = 0; round < 64 && !dead_; ++round) {
        shard_->decide(now());
        read_something_ = false;
        perform(shard_->take_effects());
        if (!read_something_) {
            break;
        }
    }
    perform(shard_->take_effects());
}

bool shard_runner::perform(std::vector<effect> effects) {
    for (auto& e : effects) {
        std::visit([this](auto& what) { perform_one(std::move(what)); }, e);
    }
    return !effects.empty();
}

void shard_runner::perform_one(emit&& e) {
    batch_.push_back({codec::event_key(e.event), codec::write_event(e.event), {}});
    batch_synced_ = batch_synced_ || e.synced;
    sent_.add(batch_.back().value, std::move(e.event));
}

void shard_runner::append_batch() {
    if (batch_.empty()) {
        return;
    }
    const auto how = std::exchange(batch_synced_, false) ? eventlog::durability::synced
                                                         : eventlog::durability::ordered;
    deps_.log.append(status_, std::exchange(batch_, {}), how, [this](eventlog::result<offset> r) {
        if (!r) {
            loop_.post([this, e = r.error()] { on_append_failed(e); });
        }
    });
}

void shard_runner::on_append_failed(const eventlog::log_error& e) {
    sent_.clear();
    if (e.code == eventlog::errc::stopped) {
        die("the log has stopped: " + e.detail);
        return;
    }
    if (e.code == eventlog::errc::storage_full && !std::exchange(owned_set_, true)) {
        owned_.set_exception(std::make_exception_ptr(
            std::runtime_error("scheduler: shard " + std::to_string(id_.value()) +
                               " cannot be claimed: " + e.detail)));
        return;
    }
    deps_.logger.log(observe::level::warn, "scheduler", "an append failed: claiming anew",
                     {{"code", std::string(to_string(e.code))}, {"why", e.detail}});
    shard_->lose_ownership(now());
    if (should_own_) {
        claim_again_ = deps_.time.monotonic() + retry_interval;
    } else {
        wants_ = false;
    }
}

// ---- answers ------------------------------------------------------------------------------------

request_id shard_runner::expect_reply(reply_callback done) {
    const auto id = next_request_++;
    replies_.emplace(id, std::move(done));
    return id;
}

void shard_runner::poll(poll_ticket ticket, poll_request request,
                        callback<result<poll_answer>> done) {
    if (shard_->waiting_polls() >= config_.max_waiting_polls) {
        done(model::error{model::errc::overloaded, "too many workers wait already", ""});
        return;
    }
    polls_.emplace(ticket, std::move(done));
    shard_->poll(ticket, std::move(request), now());
}

void shard_runner::abandon(poll_ticket ticket) {
    const auto found = polls_.find(ticket);
    if (found == polls_.end()) {
        return;
    }
    shard_->abandon(ticket, now());
    const auto done = std::move(found->second);
    polls_.erase(found);
    done(model::error{model::errc::stopping, "the client has gone", ""});
}

void shard_runner::perform_one(answer_poll&& a) {
    const auto found = polls_.find(a.ticket);
    if (found == polls_.end()) {
        return;
    }
    auto done = std::move(found->second);
    polls_.erase(found);
    when_durable(a.after, [done = std::move(done), answer = std::move(a.answer)]() mutable {
        done(std::move(answer));
    });
}

void shard_runner::perform_one(const reply& r) {
    const auto found = replies_.find(r.request);
    if (found == replies_.end()) {
        return;
    }
    auto done = std::move(found->second);
    replies_.erase(found);
    when_durable(r.after, [done = std::move(done), r] { done(r); });
}

void shard_runner::when_durable(offset last, std::function<void()> done) {
    if (last < durable_end_) {
        done();
    } else {
        when_durable_.emplace(last, std::move(done));
    }
}

void shard_runner::release_durable() {
    while (!when_durable_.empty() && when_durable_.begin()->first < durable_end_) {
        auto node = when_durable_.extract(when_durable_.begin());
        node.mapped()();
    }
}

void shard_runner::when_controlled(offset control_offset, std::function<void()> done) {
    if (control_offset <= controlled_) {
        done();
    } else {
        when_controlled_.emplace(control_offset, std::move(done));
    }
}

void shard_runner::perform_one(const control_done& c) {
    controlled_ = std::max(controlled_, c.control_offset);
    while (!when_controlled_.empty() && when_controlled_.begin()->first <= controlled_) {
        auto node = when_controlled_.extract(when_controlled_.begin());
        node.mapped()();
    }
}

void shard_runner::after_turn(std::function<void()> done) {
    if (loop_.is_idle() || !post([this, done] { after_turn_.push_back(done); })) {
        done();
    }
}

void shard_runner::publish_ready() {
    if (board_ != nullptr) {
        const auto when = now();
        const auto& gates = shard_->control();
        ready_board::levels ready;
        const bool open = shard_->is_owner() && !gates.all_paused(when.at) &&
                          gates.dispatch(when.at).state == model::dispatch_state::running;
        for (const auto& [queue, priorities] : shard_->queues()) {
            for (const auto p : priorities) {
                const auto tasks = open ? shard_->buffer().tasks({queue, p}) : 0;
                if (tasks > 0 && gates.queue_paused(queue, when.at) == nullptr &&
                    !gates.priority_paused(queue, p, when.at)) {
                    ready[queue][p] = tasks;
                }
            }
        }
        board_->publish(id_, std::move(ready), gates.dispatch(when.at).state);
    }
    for (const auto& done : std::exchange(after_turn_, {})) {
        done();
    }
}

// ---- the state ----------------------------------------------------------------------------------

void shard_runner::commit_if_due() {
    const auto time = deps_.time.monotonic();
    const bool due = time >= next_commit_ || kv_->uncommitted_bytes() >= commit_bytes;
    if (!due || kv_->uncommitted_bytes() == 0) {
        return;
    }
    next_commit_ = time + commit_interval;
    if (durable_end_ <= shard_->state().applied_offset()) {
        if (const auto flushed = deps_.log.flush(); !flushed) {
            die("the log has stopped: " + flushed.error().detail);
            return;
        }
    }
    horizon_->store(shard_->state().partition().horizon.value());
    shard_->state().commit();
    committed_ = shard_->state().applied_offset();
}

shard_info shard_runner::info() const {
    const std::lock_guard lock(info_mutex_);
    return info_;
}

void shard_runner::publish_info() {
    const std::lock_guard lock(info_mutex_);
    info_.shard = id_;
    info_.owned = shard_->is_owner();
    const auto epoch = shard_->state().partition().epoch;
    if (epoch != std::exchange(info_.epoch, epoch)) {
        info_.owner = newest_claim_.owner;
        info_.url = newest_claim_.url;
    }
    info_.mine = newest_claim_.nonce == nonce_ || (!url_.empty() && newest_claim_.url == url_);
    info_.applied = shard_->state().applied_offset();
    info_.end = status_end_;
}

scheduler_stats shard_runner::stats() const {
    auto s = shard_->counters();
    s.leases = shard_->state().leases().size();
    s.waiting_polls = shard_->waiting_polls();
    s.scheduled = static_cast<std::uint64_t>(shard_->state().counts().scheduled);
    s.ready_buffer_bytes = shard_->buffer().bytes();
    s.ready_buffer_tasks = shard_->buffer().tasks();
    s.unapplied = shard_->unapplied();
    s.applied = shard_->state().applied_offset();
    s.epoch = shard_->state().partition().epoch;
    s.undecodable_events = undecodable_;
    s.claims = claims_;
    s.owned = shard_->is_owner() ? 1 : 0;
    return s;
}

}  // namespace kwq::scheduler
