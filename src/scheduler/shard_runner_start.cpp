// The part of the runner that begins and ends: opening the state, folding what it lacks, claiming.
#include "base/hash.hpp"
#include "codec/event_codec.hpp"
#include "scheduler/shard_runner.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace kwq::scheduler {

namespace {

constexpr std::size_t memtable_bytes = 16U << 20U;  // two of them while one is written
constexpr std::size_t least_memtable_bytes = 2U << 20U;
constexpr milliseconds claim_patience{30'000};
constexpr milliseconds fresh_for{1'000};

[[noreturn]] void cannot_start(const std::string& what) {
    throw std::runtime_error("scheduler: " + what);
}

}  // namespace

void shard_runner::open(bool and_claim) {
    open_state();
    for (const auto& q : config_.queues) {
        add_queue(q);
    }
    catch_up();
    if (and_claim) {
        should_own_ = true;
        claim();
    }
    watch_status();
    loop_.start([this] {
        std::optional<mono_time> next;
        or_die([&] { next = turn(); });
        return next;
    });
}

void shard_runner::claim() {
    claim_again_.reset();
    wants_ = true;
    ++claims_;
    nonce_ = std::to_string(deps_.random.next());
    shard_->claim(now(), nonce_, url_);
}

void shard_runner::own(const std::string& url) {
    should_own_ = true;
    post([this, url] {
        url_ = url;
        if (!shard_->is_owner()) {
            claim();
        }
    });
}

void shard_runner::claim_if_last(const std::string& url) {
    post([this, url] {
        url_ = url;
        if (newest_claim_.url == url) {
            claim();
        }
    });
}

void shard_runner::take_over() {
    post([this] {
        if (!shard_->is_owner()) {
            claim();
        }
    });
}

void shard_runner::disown() {
    should_own_ = false;
    post([this] {
        if (claim_again_) {  // it waits to claim, and will not now: there is nothing to come
            claim_again_.reset();
            wants_ = false;
        }
    });
}

void shard_runner::confirm_end(offset end, mono_time asked_at) {
    if (!to_confirm_) {
        to_confirm_.emplace(end, asked_at);
    }
    if (shard_->state().applied_offset().value() + 1 >= to_confirm_->first.value()) {
        confirmed_at_ = to_confirm_->second;
        to_confirm_.reset();
    }
}

bool shard_runner::is_fresh() const {
    return config_.owns_all || deps_.time.monotonic() - confirmed_at_ <= fresh_for;
}

void shard_runner::await_claim() {
    auto claimed = owned_.get_future();
    auto* const driver = deps_.simulator.driver;
    const bool is_claimed = driver != nullptr
                                ? driver->run_until([this] { return owned_set_; }, claim_patience)
                                : claimed.wait_for(claim_patience) == std::future_status::ready;
    if (!is_claimed) {
        cannot_start("the claim of shard " + std::to_string(id_.value()) + " was not read back");
    }
    claimed.get();  // throws why there is none, if that is known
}

void shard_runner::open_state() {
    if (deps_.simulator.open_state) {
        kv_ = deps_.simulator.open_state();
    } else if (config_.directory.empty()) {
        kv_ = store::make_memory_kv();
    } else {
        store::rocksdb_options o;
        o.directory = state_directory();
        o.memtable_bytes = std::max(memtable_bytes / static_cast<std::size_t>(config_.partitions),
                                    least_memtable_bytes);
        o.may_drop = [horizon = horizon_](std::string_view key, std::string_view value) {
            return may_forget(key, value, instant{horizon->load()});
        };
        kv_ = store::open_rocksdb(o);
    }
    const auto make = [this] {
        shard_ = std::make_unique<shard>(
            shard::options{
                id_, config_.owner,
                config_.ready_buffer_bytes / static_cast<std::size_t>(config_.partitions),
                config_.max_waiting_polls, config_.max_wait, config_.horizon, !config_.owns_all},
            *kv_, deps_.random);
    };
    make();
    if (!state_fits_log()) {
        deps_.logger.log(observe::level::warn, "scheduler",
                         "the state does not fit the log: rebuilding it");
        shard_.reset();
        kv_->clear();
        make();
    }
}

std::string shard_runner::state_directory() const {
    return config_.partitions == 1 ? config_.directory
                                   : config_.directory + "/" + std::to_string(id_.value());
}

/// The log must still hold the very record the state ends with.
bool shard_runner::state_fits_log() {
    const auto applied = shard_->state().applied_offset();
    if (applied.value() < 0) {
        return true;
    }
    const auto range = deps_.log.range(status_);
    if (!range || applied >= range->end) {
        return false;
    }
    const auto read = deps_.log.read(status_, applied, 1);
    return read && !read->empty() && read->front().offset == applied &&
           crc32c(read->front().value) == shard_->state().applied_crc();
}

void shard_runner::catch_up() {
    committed_ = shard_->state().applied_offset();
    const auto range = deps_.log.range(status_);
    if (!range) {
        cannot_start("cannot read " + status_.topic + ": " + range.error().detail);
    }
    status_first_ = range->first;
    status_end_ = range->end;
    find_newest_claim();
    std::size_t since_commit = 0;
    while (read_status()) {
        shard_->take_effects();  // nothing is performed before the claim
        if (++since_commit % 16 == 0 && durable_end_ > shard_->state().applied_offset()) {
            shard_->state().commit();
        }
        if (dead_) {
            cannot_start("the log of events cannot be read");
        }
    }
    shard_->take_effects();
}

/// The one that the state has seen; newer ones are met while catching up.
void shard_runner::find_newest_claim() {
    const auto epoch = shard_->state().partition().epoch;
    if (epoch.value() < 0) {
        return;
    }
    const auto read = deps_.log.read(status_, epoch, 1);
    if (!read || read->empty()) {
        return;
    }
    if (const auto e = codec::read_event(read->front().value)) {
        if (const auto* claim = std::get_if<model::claim>(&e->body)) {
            newest_claim_ = *claim;
        }
    }
}

void shard_runner::stop() {
    deps_.log.watch(status_, "scheduler", nullptr);
    deps_.log.watch(control_, "scheduler", nullptr);
    for (const auto& [queue, n] : queues_) {
        for (std::int32_t p = 1; p <= n; ++p) {
            deps_.log.watch(lane_partition({queue, model::priority{p}}), "scheduler", nullptr);
        }
    }
    loop_.stop();
    if (kv_ && shard_ && !dead_) {
        if (deps_.log.flush()) {
            or_die([this] { shard_->state().commit(); });
        }
    }
    for (auto& [_, done] : std::exchange(replies_, {})) {
        done(reply{0, settle_status::unknown, {}, offset{-1}});
    }
    for (auto& [_, done] : std::exchange(polls_, {})) {
        done(model::error{model::errc::stopping, "the server is stopping", ""});
    }
    for (const auto& done : std::exchange(after_turn_, {})) {
        done();
    }
    shard_.reset();
    kv_.reset();
}

}  // namespace kwq::scheduler
