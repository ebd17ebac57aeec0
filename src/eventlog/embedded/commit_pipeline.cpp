// The writer's and the syncer's halves of the commit pipeline.
#include "eventlog/embedded/commit_pipeline.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

namespace kwq::eventlog {

namespace {

// Bounds how long an ordered append waits behind others, and the memory of one batch.
constexpr std::size_t max_group_bytes = 16U << 20U;
// More than so much takes longer to write than another thread to wake.
constexpr std::size_t most_written_by_caller = 64U << 10U;
// More appends than so many in such a time are worth one write for several, which is the thread's.
constexpr milliseconds calm_period{10};
constexpr int calm_appends = 20;
constexpr milliseconds free_ask_interval{1000};

log_error stopped_error() {
    return {errc::stopped, "the event log has stopped"};
}

void resolve_all(std::vector<pending_append>& appends, const log_error& why) {
    for (auto& a : appends) {
        a.done(why);
    }
}

}  // namespace

commit_pipeline::commit_pipeline(const pipeline_config& config, const clock& time,
                                 log_storage& storage)
    : config_(config),
      time_(time),
      storage_(storage),
      syncer_("kwq-log-sync", time),
      writer_("kwq-log-write", time) {
    syncer_.start([this] { return sync_when_due(); });
    writer_.start({});
}

commit_pipeline::~commit_pipeline() {
    writer_.stop();
    syncer_.stop();
    sync_now();
}

std::optional<log_error> commit_pipeline::admit(std::size_t bytes) {
    if (stopped_) {
        return stopped_error();
    }
    if (unwritten_bytes_.fetch_add(bytes) + bytes > max_unwritten_bytes) {
        unwritten_bytes_ -= bytes;
        return log_error{errc::overloaded, "too much waits to be written"};
    }
    return std::nullopt;
}

void commit_pipeline::append(pending_append what) {
    const bool is_small = what.bytes <= most_written_by_caller;
    bool is_calm = false;
    {
        const std::lock_guard lock(queue_mutex_);
        is_calm = note_append(time_.monotonic());
        queued_.push_back(std::move(what));
        if (std::exchange(writing_, true)) {
            return;
        }
    }
    if (is_small && is_calm) {
        write_once();
    } else {
        hand_over();
    }
}

/// Under queue_mutex_: do appends come one by one?
bool commit_pipeline::note_append(mono_time now) {
    if (const auto past = now - period_; past >= calm_period) {
        appends_before_ = past < 2 * calm_period ? appends_ : 0;
        appends_ = 0;
        period_ = now;
    }
    ++appends_;
    return appends_ <= calm_appends && appends_before_ <= calm_appends;
}

void commit_pipeline::refuse(event_log::append_callback done, log_error why) {
    if (!writer_.post([done, why] { done(why); })) {
        done(why);
    }
}

void commit_pipeline::greet(partition_log& where, const std::string& watcher) {
    writer_.post([&where, watcher] { where.call_watcher(watcher); });
}

void commit_pipeline::fail(const std::string& why) {
    if (!stopped_.exchange(true)) {
        tell_stopped(why);
    }
}

void commit_pipeline::fail_later(const std::string& why) {
    writer_.post([this, why] { fail(why); });
}

void commit_pipeline::tell_stopped(const std::string& why) {
    if (config_.on_stop) {
        config_.on_stop(why);
    }
}

// ---- writer -------------------------------------------------------------------------------------

/// By the writer: one round. What came meanwhile is the writer thread's, behind what was posted to
/// it before: those that are refused must be told so under load above all.
void commit_pipeline::write_once() {
    group all;
    {
        const std::lock_guard lock(queue_mutex_);
        all.swap(queued_);
    }
    write(std::move(all));
    bool has_more = false;
    {
        const std::lock_guard lock(queue_mutex_);
        writing_ = has_more = !queued_.empty();
    }
    if (has_more) {
        hand_over();
    }
}

void commit_pipeline::hand_over() {
    if (!writer_.post([this] { write_once(); })) {
        write_once();
    }
}

void commit_pipeline::write(group all) {
    auto from = all.begin();
    while (from != all.end()) {
        std::size_t bytes = 0;
        auto to = from;
        while (to != all.end() && bytes < max_group_bytes) {
            bytes += to->bytes;
            ++to;
        }
        write_group(group(std::make_move_iterator(from), std::make_move_iterator(to)));
        unwritten_bytes_ -= bytes;
        from = to;
    }
}

void commit_pipeline::write_group(group g) {
    if (stopped_) {
        resolve_all(g, stopped_error());
        return;
    }
    refuse_without_room(g);
    const bool writes = std::any_of(g.begin(), g.end(), [](const auto& a) { return a.to; });
    auto moved = place(g);
    if (auto failed = writes ? storage_.write() : std::nullopt) {
        const bool is_first = !stopped_.exchange(true);  // who is answered finds it stopped
        resolve_all(g, {errc::unknown, *failed});
        if (is_first) {
            tell_stopped("the event log cannot write: " + *failed);
        }
        return;
    }
    publish(std::move(g), std::move(moved));
}

/// Gives each record its offset and puts it into the next write.
std::vector<commit_pipeline::moved_end> commit_pipeline::place(group& g) {
    std::vector<moved_end> moved;
    for (auto& a : g) {
        if (a.to == nullptr) {
            continue;
        }
        for (std::size_t i = 0; i < a.records.size(); ++i) {
            const offset at = a.to->next;
            a.records[i].offset = at;
            seal(row_key(a.to->where, at), a.rows[i]);
            storage_.put(a.to->where, at, a.rows[i]);
            a.to->next = offset{at.value() + 1};
        }
        const auto known = std::find_if(moved.begin(), moved.end(),
                                        [&](const moved_end& m) { return m.partition == a.to; });
        if (known == moved.end()) {
            moved.push_back({a.to, a.to->next});
        } else {
            known->end = a.to->next;
        }
    }
    for (const auto& [partition, end] : moved) {
        if (const auto durable = partition->range().durable; durable != partition->watermark) {
            storage_.put_watermark(partition->where, durable);
            partition->watermark = durable;
        }
    }
    return moved;
}

void commit_pipeline::publish(group g, std::vector<moved_end> moved) {
    std::vector<waiting_append> ordered;
    std::vector<waiting_append> synced;
    for (auto& a : g) {
        const auto first = a.to == nullptr ? offset{0} : a.records.front().offset;
        if (a.to != nullptr) {
            a.to->publish(std::move(a.records), recent_limit_);
        }
        (a.how == durability::synced ? synced : ordered).push_back({first, std::move(a.done)});
    }
    for (const auto& m : moved) {
        m.partition->call_watchers();
    }
    want_sync(moved, std::move(synced));
    for (const auto& w : ordered) {
        w.done(w.first);
    }
}

/// Takes out what the disk has no room for: outside the reserve for most, in its last quarter for
/// all.
void commit_pipeline::refuse_without_room(group& g) {
    if (config_.reserve_bytes == 0 || free_bytes() >= config_.reserve_bytes) {
        return;
    }
    const bool reserve_left = free_bytes_ >= config_.reserve_bytes / 4;
    const auto refused = std::stable_partition(g.begin(), g.end(), [&](const auto& a) {
        return a.to == nullptr || (a.to->uses_reserve && reserve_left);
    });
    group without(std::make_move_iterator(refused), std::make_move_iterator(g.end()));
    g.erase(refused, g.end());
    resolve_all(without, {errc::storage_full, "the disk has less than the reserved space free"});
}

/// Asked of the file system at most once a second. One that cannot say is not thought full: a write
/// will tell.
std::uint64_t commit_pipeline::free_bytes() {
    const auto now = time_.monotonic();
    if (!free_asked_ || now - *free_asked_ >= free_ask_interval) {
        std::error_code failed;
        const auto space = std::filesystem::space(config_.directory, failed);
        free_bytes_ = failed ? UINT64_MAX : space.available;
        free_asked_ = now;
    }
    return free_bytes_;
}

// ---- syncer -------------------------------------------------------------------------------------

/// The syncer is woken for the first that waits, or to note by when it is time; not for each.
void commit_pipeline::want_sync(const std::vector<moved_end>& moved,
                                std::vector<waiting_append> waiting) {
    bool wakes = false;
    {
        const std::lock_guard lock(sync_mutex_);
        wakes = waiting_.empty() && (!waiting.empty() || (dirty_.empty() && !moved.empty()));
        if (dirty_.empty() && !moved.empty()) {
            dirty_since_ = time_.monotonic();
        }
        dirty_.insert(dirty_.end(), moved.begin(), moved.end());
        std::move(waiting.begin(), waiting.end(), std::back_inserter(waiting_));
    }
    if (wakes) {
        syncer_.post([] {});
    }
}

std::optional<mono_time> commit_pipeline::sync_when_due() {
    {
        const std::lock_guard lock(sync_mutex_);
        const auto due = dirty_since_ + config_.sync_interval;
        if (waiting_.empty() && (dirty_.empty() || time_.monotonic() < due)) {
            return dirty_.empty() ? std::nullopt : std::optional(due);
        }
    }
    sync_now();
    return std::nullopt;
}

void commit_pipeline::sync_now() {
    std::vector<moved_end> dirty;
    std::vector<waiting_append> waiting;
    {
        const std::lock_guard lock(sync_mutex_);
        dirty.swap(dirty_);
        waiting.swap(waiting_);
    }
    if (dirty.empty() && waiting.empty()) {
        return;
    }
    const auto failed = stopped_ ? failure("it stopped before it was synced") : storage_.sync();
    if (failed) {
        const bool is_first = !stopped_.exchange(true);
        for (const auto& w : waiting) {
            w.done(log_error{errc::unknown, *failed});
        }
        if (is_first) {
            tell_stopped("the event log cannot sync: " + *failed);
        }
        return;
    }
    for (const auto& m : dirty) {
        m.partition->now_durable(m.end);
    }
    for (const auto& w : waiting) {
        w.done(w.first);
    }
    std::vector<partition_log*> told;
    for (const auto& m : dirty) {
        if (std::find(told.begin(), told.end(), m.partition) == told.end()) {
            told.push_back(m.partition);
            m.partition->call_watchers();
        }
    }
}

}  // namespace kwq::eventlog
