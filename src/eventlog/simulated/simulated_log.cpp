// The simulated log's calls, and the steps in which it does what was asked.
#include "eventlog/simulated/simulated_log.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <utility>

namespace kwq::eventlog {

namespace {

std::size_t bytes_of(const new_record& r) {
    std::size_t bytes = r.key.size() + r.value.size();
    for (const auto& [name, value] : r.headers) {
        bytes += name.size() + value.size();
    }
    return bytes;
}

std::size_t bytes_of(const log_record& r) {
    return bytes_of(new_record{r.key, r.value, r.headers});
}

log_error unknown_topic(const topic_partition& where) {
    return {errc::topic_unknown, "there is no partition " + std::to_string(where.partition) +
                                     " of topic " + where.topic};
}

}  // namespace

simulated_log::simulated_log(const clock& time, random_source& random)
    : time_(time), random_(random) {}

offset simulated_log::partition::end() const {
    return offset{first.value() + static_cast<std::int64_t>(records.size())};
}

partition_range simulated_log::partition::range() const {
    return {first, end(), durable};
}

bool simulated_log::partition::is_idle() const {
    return queue.empty() && answers.empty() &&
           std::none_of(watchers.begin(), watchers.end(),
                        [](const auto& w) { return w.second.due; });
}

bool simulated_log::partition::all_heard(offset of) const {
    return std::all_of(watchers.begin(), watchers.end(),
                       [of](const auto& w) { return w.second.heard > of; });
}

void simulated_log::activate(partition& p) {
    if (!std::exchange(p.is_active, true)) {
        active_.push_back(&p);
    }
}

void simulated_log::moved(partition& p) {
    for (auto& [name, w] : p.watchers) {
        w.due = true;
    }
    activate(p);
}

simulated_log::partition* simulated_log::find(const topic_partition& where) {
    const auto t = topics_.find(where.topic);
    if (t == topics_.end() || where.partition < 0 ||
        static_cast<std::size_t>(where.partition) >= t->second.size()) {
        return nullptr;
    }
    return &t->second[static_cast<std::size_t>(where.partition)];
}

bool simulated_log::chance(std::uint32_t of_1000) {
    return of_1000 > 0 && random_.below(1000) < of_1000;
}

std::uint32_t simulated_log::some_delay(std::uint32_t of_1000) {
    if (!chance(of_1000) || faults_.delay_steps == 0) {
        return 0;
    }
    ++struck_.delays;
    return 1 + static_cast<std::uint32_t>(random_.below(faults_.delay_steps));
}

// ---- calls --------------------------------------------------------------------------------------

result<void> simulated_log::ensure_topic(const std::string& topic, std::int32_t partitions) {
    KWQ_ASSERT(partitions > 0);
    const auto count = static_cast<std::size_t>(partitions);
    const auto known = topics_.find(topic);
    if (known == topics_.end()) {
        topics_[topic].resize(count);
    } else if (known->second.size() != count) {
        return log_error{errc::topic_mismatch,
                         "topic " + topic + " has " + std::to_string(known->second.size()) +
                             " partitions, not " + std::to_string(partitions)};
    }
    return {};
}

void simulated_log::append(const topic_partition& where, std::vector<new_record> batch,
                           durability how, append_callback done) {
    KWQ_ASSERT(!batch.empty());
    auto* const p = find(where);
    if (p == nullptr) {
        refuse(nowhere_, std::move(done), errc::topic_unknown, unknown_topic(where).detail);
        return;
    }
    std::size_t bytes = 0;
    for (const auto& r : batch) {
        if (bytes_of(r) > max_record_bytes) {
            refuse(*p, std::move(done), errc::too_large, "a record is above the limit");
            return;
        }
        bytes += bytes_of(r);
    }
    if (stopped_) {
        refuse(*p, std::move(done), errc::stopped, "the event log has stopped");
    } else if (unwritten_bytes_ + bytes > max_unwritten_bytes) {
        refuse(*p, std::move(done), errc::overloaded, "too much waits to be written");
    } else {
        unwritten_bytes_ += bytes;
        activate(*p);
        p->queue.push_back(
            {std::move(batch), bytes, how, std::move(done), some_delay(faults_.delayed)});
    }
}

void simulated_log::refuse(partition& p, append_callback done, errc code, const std::string& why) {
    if (!done) {
        return;  // nobody wants to know
    }
    activate(p);
    p.answers.push_back({.done = std::move(done),
                         .value = log_error{code, why},
                         .how = durability::ordered,
                         .once_durable = std::nullopt});
}

result<std::vector<log_record>> simulated_log::read(const topic_partition& where, offset from,
                                                    std::size_t max_bytes) {
    auto* const p = find(where);
    if (p == nullptr) {
        return unknown_topic(where);
    }
    if (from < p->first) {
        return log_error{errc::trimmed, "offset " + std::to_string(from.value()) +
                                            " has been trimmed from " + where.topic};
    }
    std::vector<log_record> found;
    std::size_t bytes = 0;
    for (auto at = from; at < p->end(); at = offset{at.value() + 1}) {
        const auto& r = p->records[static_cast<std::size_t>(at.value() - p->first.value())];
        bytes += bytes_of(r);
        if (!found.empty() && bytes > max_bytes) {
            break;
        }
        found.push_back(r);
    }
    return found;
}

result<partition_range> simulated_log::range(const topic_partition& where) {
    auto* const p = find(where);
    if (p == nullptr) {
        return unknown_topic(where);
    }
    return p->range();
}

result<void> simulated_log::trim(const topic_partition& where, offset before) {
    auto* const p = find(where);
    if (p == nullptr) {
        return unknown_topic(where);
    }
    if (stopped_) {
        return log_error{errc::stopped, "the event log has stopped"};
    }
    before = std::min(before, p->durable);
    while (p->first < before) {
        p->records.pop_front();
        p->order.pop_front();
        p->first = offset{p->first.value() + 1};
    }
    return {};
}

void simulated_log::watch(const topic_partition& where, const std::string& name,
                          watch_callback on_move) {
    auto* const p = find(where);
    KWQ_ASSERT(p != nullptr);
    p->watchers.erase(name);
    if (on_move) {
        p->watchers.emplace(name, watcher{std::move(on_move)});
        activate(*p);
    }
}

result<void> simulated_log::flush() {
    for (auto& [name, t] : topics_) {
        for (auto& p : t) {
            while (!p.queue.empty()) {
                place(p);
            }
        }
    }
    if (stopped_) {
        return log_error{errc::stopped, "the event log has stopped"};
    }
    sync();
    return {};
}

// ---- steps --------------------------------------------------------------------------------------

bool simulated_log::step() {
    count_down();
    find_possible();
    if (possible_.empty()) {
        return !active_.empty();  // a delay has come one step nearer to its end
    }
    const action chosen = possible_[random_.below(possible_.size())];
    carry_out(chosen);
    return true;
}

void simulated_log::run_until_quiet() {
    while (step()) {
    }
}

void simulated_log::count_down() {
    const auto tick = [](std::uint32_t& delay) { delay -= delay > 0 ? 1U : 0U; };
    for (auto* p : active_) {
        if (!p->queue.empty()) {
            tick(p->queue.front().delay);
        }
        for (auto& a : p->answers) {
            tick(a.delay);
        }
    }
}

void simulated_log::find_possible() {
    std::erase_if(active_, [](partition* p) { return !(p->is_active = !p->is_idle()); });
    possible_.clear();
    for (auto* p : active_) {
        add_partition_actions(*p);
    }
    if (sync_due()) {
        possible_.push_back({.what = action::kind::sync, .where = nullptr, .watcher = {}});
    }
}

void simulated_log::add_partition_actions(partition& p) {
    if (!p.queue.empty() && p.queue.front().delay == 0) {
        possible_.push_back({.what = action::kind::place, .where = &p, .watcher = {}});
    }
    // Answers of one kind in one partition keep their order: only the first of each may go.
    for (const auto how : {durability::ordered, durability::synced}) {
        const auto at = std::find_if(p.answers.begin(), p.answers.end(),
                                     [how](const auto& a) { return a.how == how; });
        if (at != p.answers.end() && at->delay == 0 &&
            (!at->once_durable || *at->once_durable < p.durable) &&
            (!at->last || p.all_heard(*at->last))) {
            const auto index = static_cast<std::size_t>(at - p.answers.begin());
            possible_.push_back({action::kind::answer, &p, index, {}});
        }
    }
    for (const auto& [name, w] : p.watchers) {
        if (w.due) {
            possible_.push_back({.what = action::kind::tell, .where = &p, .watcher = name});
        }
    }
}

void simulated_log::carry_out(const action& a) {
    switch (a.what) {
        case action::kind::place: place(*a.where); break;
        case action::kind::answer: answer_next(*a.where, a.answer); break;
        case action::kind::sync: sync(); break;
        case action::kind::tell: {
            auto& due = a.where->watchers.at(a.watcher);
            due.due = false;
            due.heard = a.where->end();
            const auto call = due.call;  // it may take itself away
            call(a.where->range());
            break;
        }
    }
}

std::optional<mono_time> simulated_log::next_sync() const {
    if (stopped_ || !dirty_since_) {
        return std::nullopt;
    }
    return *dirty_since_ + sync_interval;
}

bool simulated_log::sync_due() const {
    const auto next = next_sync();
    return next && (sync_wanted_ || time_.monotonic() >= *next);
}

void simulated_log::place(partition& p) {
    auto a = std::move(p.queue.front());
    p.queue.pop_front();
    unwritten_bytes_ -= a.bytes;
    if (stopped_) {
        refuse(p, std::move(a.done), errc::stopped, "the event log has stopped");
        return;
    }
    if (chance(faults_.storage_full)) {
        ++struck_.full;
        refuse(p, std::move(a.done), errc::storage_full, "the disk is full");
        return;
    }
    if (!chance(faults_.unknown)) {
        place_records(p, a);
        return;
    }
    auto done = std::exchange(a.done, {});
    if (chance(500)) {
        place_records(p, a);
    }
    ++struck_.unknown;
    if (faults_.unknown_stops) {
        ++struck_.stops;
        stop();
    }
    refuse(p, std::move(done), errc::unknown, "the write failed: it may have happened");
}

/// What has not become durable by now never does; who waits for it cannot know.
void simulated_log::stop() {
    stopped_ = true;
    for (auto& [name, t] : topics_) {
        for (auto& p : t) {
            for (auto& a : p.answers) {
                if (a.once_durable && *a.once_durable >= p.durable) {
                    a.value = log_error{errc::unknown, "the log stopped before the sync"};
                    a.once_durable.reset();
                }
            }
        }
    }
}

void simulated_log::place_records(partition& p, arriving& a) {
    const offset first = p.end();
    for (auto& r : a.batch) {
        p.records.push_back({.offset = p.end(),
                             .timestamp = r.timestamp.value_or(time_.wall()),
                             .key = std::move(r.key),
                             .value = std::move(r.value),
                             .headers = std::move(r.headers)});
        p.order.push_back(next_order_++);
    }
    if (!dirty_since_) {
        dirty_since_ = time_.monotonic();
    }
    const bool synced = a.how == durability::synced;
    sync_wanted_ = sync_wanted_ || synced;
    moved(p);
    if (a.done) {
        const offset last{p.end().value() - 1};
        p.answers.push_back({.done = std::move(a.done),
                             .value = first,
                             .how = a.how,
                             .last = last,
                             .once_durable = synced ? std::optional(last) : std::nullopt,
                             .delay = some_delay(faults_.late_answer)});
    }
}

void simulated_log::answer_next(partition& p, std::size_t index) {
    const auto a = std::move(p.answers[index]);
    p.answers.erase(p.answers.begin() + static_cast<std::ptrdiff_t>(index));
    a.done(a.value);
}

void simulated_log::sync() {
    for (auto& [name, t] : topics_) {
        for (auto& p : t) {
            if (p.durable < p.end()) {
                p.durable = p.end();
                moved(p);
            }
        }
    }
    synced_order_ = next_order_;
    dirty_since_.reset();
    sync_wanted_ = false;
}

void simulated_log::crash(crash_kind kind) {
    const auto at_risk = next_order_ - synced_order_;
    const auto kept =
        synced_order_ + (faults_.power_cut_tears && at_risk > 0 ? random_.below(at_risk + 1) : 0);
    for (auto& [name, t] : topics_) {
        for (auto& p : t) {
            p.queue.clear();
            p.answers.clear();
            p.watchers.clear();
            while (kind == crash_kind::power_cut && p.durable < p.end() && p.order.back() >= kept) {
                p.records.pop_back();
                p.order.pop_back();
            }
        }
    }
    nowhere_.answers.clear();
    unwritten_bytes_ = 0;
    stopped_ = false;
    sync();  // opening a log makes what it found durable
}

}  // namespace kwq::eventlog
