#include "tracker/runner.hpp"

#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace kwq::tracker {

namespace {

constexpr std::size_t records_a_turn = 256;
constexpr milliseconds look_again{1};  // while records come
constexpr milliseconds fold_time_a_turn{5};
constexpr mono_time::duration fold_time_while_asked = milliseconds{1};
constexpr std::size_t swept_rows_a_turn = 128;
/// Tasks that ended long ago are looked for in a tenth of the thread's time; questions wait for a
/// step, but not for the disk to bring what it looks at.
constexpr std::size_t ended_rows_a_step = 512;
constexpr milliseconds preparing_look{1};
constexpr milliseconds longest_put_off{100};  // by questions
constexpr mono_time::duration shortest_rest = milliseconds{5};
constexpr int rest_for_each = 9;
constexpr milliseconds trim_pause{20};  // between partitions
/// A commit is made this long after the first change when everything is durable by itself, and
/// forced (folding waits for the log) at the limits below. The longer, the more rows change again
/// before they cost the disk anything; what is not committed is folded again after a kill.
constexpr milliseconds commit_interval{200};
constexpr milliseconds longest_uncommitted{500};
constexpr milliseconds idle_until_rest{3'000};
constexpr milliseconds commit_look{2};       // whether the one under way is done
constexpr std::int64_t far_behind = 10'000;  // records
constexpr std::uint64_t most_uncommitted = 100'000;
constexpr std::size_t most_uncommitted_bytes = 32U << 20U;
constexpr std::size_t many_erased_bytes = 1U << 20U;
constexpr std::size_t memtable_bytes = 8U << 20U;
constexpr int memtables_a_file = 4;
/// A page is of a hundred rows and some hundred names, each a read of the disk in a large state.
constexpr std::size_t reading_threads = 7;
constexpr std::size_t cached_part = 40;
constexpr std::size_t most_changed_rows = 40'000;  // some 40 MB
// While somebody asks: so many rows take some milliseconds, and so does sorting such a commit.
constexpr mono_time::duration asked_for = std::chrono::seconds{5};
constexpr std::size_t most_changed_rows_asked = 100;
constexpr std::uint64_t most_uncommitted_asked = 12'000;
/// Of what lies in the state. Another one is rebuilt from the log.
constexpr std::string_view state_layout = "12";
constexpr std::string_view layout_key = "V";

}  // namespace

runner::runner(const tracker_config& config, const tracker_dependencies& deps)
    : config_(config),
      deps_(deps),
      horizon_(std::make_shared<std::atomic<std::int64_t>>(0)),
      loop_("kwq-tracker", deps.time, deps.driver) {}

runner::~runner() {
    stop();
}

void runner::start() {
    open_state();
    sources_ = std::make_unique<sources>(deps_.log, deps_.topics, [this] {
        if (!looks_soon_ && !woken_.exchange(true)) {
            loop_.post([this] { woken_ = false; });
        }
    });
    sources_->add_status(*state_);
    loop_.start([this] { return turn(); });
}

void runner::open_state() {
    if (deps_.open_state) {
        state_ = deps_.open_state();
    } else if (config_.directory.empty()) {
        state_ = store::make_memory_kv();
    } else {
        store::rocksdb_options options;
        options.directory = config_.directory;
        options.cache_bytes = config_.cache_bytes;
        options.cached_part = cached_part;
        options.memtable_bytes = memtable_bytes;
        options.memtables_a_file = memtables_a_file;
        options.compacts = store::compaction::by_size;
        options.filtered = is_looked_up;
        options.readers = reading_threads;
        options.may_drop = [horizon = horizon_](std::string_view key, std::string_view value) {
            return may_drop(key, value, instant{horizon->load()});
        };
        state_ = store::open_rocksdb(options);
    }
    if (state_->get(layout_key) != state_layout) {
        state_->clear();
        state_->put(layout_key, state_layout);
    }
    tables_ = std::make_unique<tables>(*state_);
    fold_ = std::make_unique<fold>(*tables_);
    queries_ = std::make_unique<queries>(*tables_, fold_->open_sweeps());
    retention_ = std::make_unique<retention>(*tables_, config_.keep);
    if (deps_.log_needs && retention_->round()) {
        trimmer_ =
            std::make_unique<log_trimmer>(deps_.log, deps_.topics, *tables_, config_.rejected_kept);
    }
}

void runner::stop() {
    loop_.post([this] { close(); });
    loop_.stop();
    sources_.reset();
}

void runner::close() {
    closed_ = true;
    waiters_.stop();
    try {
        if (!failed_ && uncommitted_ > 0 && sources_ && sources_->all_durable()) {
            commit();
        }
        if (!failed_ && state_) {
            state_->finish_commit();
        }
    } catch (const store::storage_failure& e) {
        fail(e.what());
    }
}

void runner::queue_added(model::queue_name queue, std::int32_t priorities) {
    loop_.post([this, queue = std::move(queue), priorities] {
        defined_[queue] = std::max(defined_[queue], priorities);
        sources_->add_status(*state_);
        sources_->add_queue(*state_, queue, priorities);
    });
}

// ---- folding ------------------------------------------------------------------------------------

std::optional<mono_time> runner::turn() {
    if (failed_) {
        return waiters_.next_deadline();
    }
    try {
        rebuild_if_needed();
        serve();
        fold_->collect_changes(waiters_.want_changes());
        const auto folded = fold_some();
        bool more = sources_->lag() > 0;
        if (!must_commit() && !fold_->open_sweeps().idle()) {
            more = fold_->open_sweeps().advance(swept_rows_a_turn) || more;
            note_uncommitted();
        }
        note_what_questions_erased();
        stay_answerable();
        if (!is_asked() || must_commit()) {
            commit_when_due();
        }
        if (!is_asked() || was_put_off_for_long(forget_at_)) {
            forget_some_ended();
        }
        if (!is_asked() || was_put_off_for_long(trim_at_)) {
            trim_some();
        }
        rest_state_when_idle();
        ready_ = ready_ || sources_->caught_up();
        serve();
        return rest(folded > 0, more);
    } catch (const store::storage_failure& e) {
        fail(e.what());
    }
    return waiters_.next_deadline();
}

void runner::serve() {
    waiters_.serve(*sources_, fold_->take_changes(), deps_.time.monotonic());
}

/// The stored state is of another log, or of what a power cut took from it.
void runner::rebuild_if_needed() {
    if (sources_->agree_with_log()) {
        return;
    }
    deps_.logger.log(observe::level::warn, "tracker",
                     "the state does not fit the log: building it again from the log");
    state_->clear();
    state_->put(layout_key, state_layout);
    fold_->reload();
    retention_->reload();
    if (trimmer_) {
        trimmer_->reload();
    }
    sources_->start_over();
    uncommitted_ = 0;
    written_ahead_ = false;
}

std::size_t runner::fold_some() {
    const auto start = deps_.time.monotonic();
    const auto is_over = [&] {
        const auto spent = deps_.time.monotonic() - start;
        return spent >= (is_asked() ? fold_time_while_asked : fold_time_a_turn);
    };
    std::size_t left = records_a_turn;
    instant next_other{0};
    while (left > 0 && !failed_ && !must_commit() && !is_over()) {
        source* const s = sources_->oldest(next_other);
        if (s == nullptr) {
            break;
        }
        do {
            fold_record(*s);
            --left;
        } while (left > 0 && !failed_ && !is_asked() && !s->read_ahead.empty() &&
                 s->read_ahead.front().timestamp <= next_other);
    }
    if (!sources_->failure().empty()) {
        fail(sources_->failure());
    }
    return records_a_turn - left;
}

void runner::fold_record(source& s) {
    const auto& record = s.read_ahead.front();
    if (s.status) {
        fold_event(s, record);
    } else {
        fold_task(s, record);
    }
    if (failed_) {
        return;
    }
    sources_->folded(s);
    note_uncommitted();
}

void runner::note_uncommitted() {
    if (uncommitted_++ == 0) {
        first_uncommitted_ = deps_.time.monotonic();
    }
}

void runner::fold_task(const source& s, const eventlog::log_record& r) {
    codec::task_record_source from;
    from.topic = s.where.topic;
    from.partition = s.where.partition;
    from.place = {s.queue, s.priority, r.offset};
    from.timestamp = r.timestamp;
    from.key = r.key;
    from.value = r.value;
    if (const auto task = codec::read_stored_task(from)) {
        fold_->add_task(s.shard, *task);
    } else {
        fold_->count_unreadable_task();
    }
}

void runner::fold_event(const source& s, const eventlog::log_record& r) {
    auto event = codec::read_event(r.value);
    if (event) {
        const auto* horizon = std::get_if<model::horizon>(&event->body);
        const bool may_begin_here = trimmer_ && horizon != nullptr && horizon->control_next;
        const auto voids = tables_->totals.void_events;
        retention_->note_event(event->at);
        fold_->add_event(s.shard, {r.offset, *std::move(event)});
        if (may_begin_here && tables_->totals.void_events == voids) {
            trimmer_->note_horizon(s.shard, r.offset, *sources_);
        }
        return;
    }
    if (event.error().what == codec::decode_failure::unknown_version) {
        fail("an event of another version at " + s.where.topic + " partition " +
             std::to_string(s.where.partition) + " offset " + std::to_string(r.offset.value()) +
             ": " + event.error().detail);
        return;
    }
    deps_.logger.log(observe::level::warn, "tracker", "an event could not be read",
                     {{"partition", std::to_string(s.where.partition)},
                      {"offset", std::to_string(r.offset.value())},
                      {"why", event.error().detail}});
    fold_->count_unreadable_event();
}

/// Rows of lists with nothing in them, and where the walk of retention is, need no commit of their
/// own; but many of them must be committed before the fold goes on.
void runner::note_what_questions_erased() {
    if (uncommitted_ == 0 && state_->uncommitted_bytes() >= many_erased_bytes) {
        note_uncommitted();
    }
}

bool runner::must_commit() const {
    return written_ahead_ || uncommitted_ >= most_uncommitted ||
           (asked_lately() && uncommitted_ >= most_uncommitted_asked) ||
           state_->uncommitted_bytes() >= most_uncommitted_bytes ||
           tables_->rows.changed_rows() >= most_changed_rows ||
           (uncommitted_ > 0 &&
            deps_.time.monotonic() - first_uncommitted_ >= longest_uncommitted &&
            sources_->lag() < far_behind);
}

bool runner::asked_lately() const {
    return asked_at_ && deps_.time.monotonic() - *asked_at_ < asked_for;
}

/// Rows that many events change are best written once for all of them; but a question, and what a
/// commit does on this thread, wait for all that is not written.
void runner::stay_answerable() {
    if (!failed_ && asked_lately() && tables_->rows.changed_rows() >= most_changed_rows_asked) {
        tables_->write_groups();
    }
}

void runner::commit_when_due() {
    if (failed_ || uncommitted_ == 0 || !sources_->all_durable()) {
        return;
    }
    if (state_->is_committing()) {
        if (must_commit() && !written_ahead_) {
            tables_->write_groups();  // the most of the next one, while the disk has this one
            written_ahead_ = true;
        }
        return;
    }
    // While it is far behind, larger commits bring it up sooner: what many rows share is written
    // once.
    const bool is_due = deps_.time.monotonic() - first_uncommitted_ >= commit_interval;
    if (must_commit() || (is_due && sources_->lag() < far_behind)) {
        commit();
    }
}

void runner::commit() {
    sources_->write_offsets(*state_);
    tables_->commit(deps_.time.wall());
    // Compaction takes nothing away before the state that says so is permanent.
    horizon_->store(std::exchange(next_horizon_, tables_->horizon_of_all().value()));
    uncommitted_ = 0;
    written_ahead_ = false;
    rests_at_ = deps_.time.monotonic() + idle_until_rest;
}

void runner::rest_state_when_idle() {
    if (rests_at_ && deps_.time.monotonic() >= *rests_at_) {
        rests_at_.reset();
        state_->rest();
    }
}

/// Who asks all the time must not keep for ever what should have left.
bool runner::was_put_off_for_long(mono_time due) const {
    return deps_.time.monotonic() - due > longest_put_off;
}

/// Right after a commit, or when there is nothing to fold: writing rows that will change again soon
/// would cost more than it is worth.
bool runner::may_forget() const {
    return retention_->round() && (tables_->rows.changed_rows() == 0 || sources_->lag() == 0);
}

void runner::forget_some_ended() {
    const auto start = deps_.time.monotonic();
    if (!may_forget() || start < forget_at_) {
        return;
    }
    if (const auto now = deps_.time.wall(); !retention_->is_due(now)) {
        forget_at_ =
            start + std::min(*retention_->round(), retention_->due() - now + milliseconds{1});
        return;
    }
    if (!retention_->is_prepared(ended_rows_a_step)) {
        forget_at_ = start + preparing_look;
        return;
    }
    if (retention_->at_start()) {
        next_round_ = start + *retention_->round();
    }
    tables_->rows.write();
    if (retention_->advance(deps_.time.wall(), ended_rows_a_step) > 0) {
        note_uncommitted();
    }
    const auto now = deps_.time.monotonic();
    const auto rest = std::max(shortest_rest, (now - start) * rest_for_each);
    forget_at_ = retention_->at_start() ? next_round_ : now + rest;
}

bool runner::trims() const {
    return trimmer_ && ready_ && uncommitted_ == 0 && !state_->is_committing();
}

/// One partition at a time, and only when all that was folded is committed and so durable.
void runner::trim_some() {
    const auto now = deps_.time.monotonic();
    if (!trims() || trim_asked_ || now < trim_at_) {
        return;
    }
    if (!trimmer_->is_at_work()) {
        trim_asked_ = true;
        deps_.log_needs([this](std::vector<eventlog::log_need> needs) {
            loop_.post([this, needs = std::move(needs)] {
                trim_asked_ = false;
                trimmer_->begin(needs);
            });
        });
        return;
    }
    if (trimmer_->step(*sources_, deps_.time.wall(), retention_->latest_end())) {
        note_uncommitted();
    }
    trim_at_ = now + (trimmer_->is_at_work() ? trim_pause : *retention_->round());
}

std::optional<mono_time> runner::wake_at(bool more) const {
    const auto now = deps_.time.monotonic();
    if (failed_) {
        return waiters_.next_deadline();
    }
    if (more && !must_commit()) {
        return now;
    }
    auto next = waiters_.next_deadline();
    if (may_forget()) {
        next = next ? std::min(*next, forget_at_) : forget_at_;
    }
    if (trims() && !trim_asked_) {
        next = next ? std::min(*next, trim_at_) : trim_at_;
    }
    if (rests_at_) {
        next = next ? std::min(*next, *rests_at_) : rests_at_;
    }
    std::optional<mono_time> due;
    if (state_->is_committing()) {
        due = now + commit_look;  // nobody else tells that it is done, or has failed
    } else if (uncommitted_ > 0 && sources_->all_durable()) {
        due = first_uncommitted_ + commit_interval;
    }
    return next && due ? std::min(*next, *due) : std::max(next, due);
}

/// Records come many in a millisecond, or few in a second; who is woken for each of many does
/// little else. Whoever waits for an answer is not kept waiting.
std::optional<mono_time> runner::rest(bool has_folded, bool more) {
    const bool soon = has_folded && !failed_ && waiters_.empty();
    looks_soon_ = soon;
    // What came, or became durable, before that was written woke nobody: it is looked for after it.
    const auto next = wake_at(more || sources_->lag() > 0);
    const auto at = deps_.time.monotonic() + look_again;
    return soon && (!next || at < *next) ? at : next;
}

void runner::fail(const std::string& why) {
    if (!failed_) {
        failed_ = true;
        deps_.logger.log(observe::level::error, "tracker", "folding has stopped", {{"why", why}});
        deps_.fatal("tracker: " + why);
        waiters_.stop();
    }
}

}  // namespace kwq::tracker
