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

void simulated_log::partition::moved() {
    for (auto& [name, w] : watchers) {
        w.due = true;
    }
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
        p->queue.push_back(
            {std::move(batch), bytes, how, std::move(done), some_delay(faults_.delayed)});
    }
}

void simulated_log::refuse(partition& p, append_callback done, errc code, const std::string& why) {
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
    auto actions = possible();
    bool waits = !nowhere_.answers.empty();
    for (const auto& [name, t] : topics_) {
        for (const auto& p : t) {
            waits = waits || !p.queue.empty() || !p.answers.empty();
        }
    }
    if (actions.empty()) {
        return waits;  // a delay has come one step nearer to its end
    }
    actions[random_.below(actions.size())]();
    return true;
}

void simulated_log::run_until_quiet() {
    while (step()) {
    }
}

void simulated_log::count_down() {
    const auto tick = [](std::uint32_t& delay) { delay -= delay > 0 ? 1U : 0U; };
    for (auto& [name, t] : topics_) {
        for (auto& p : t) {
            if (!p.queue.empty()) {
                tick(p.queue.front().delay);
            }
            for (auto& a : p.answers) {
                tick(a.delay);
            }
        }
    }
}

std::vector<simulated_log::action> simulated_log::possible() {
    std::vector<action> found;
    add_partition_actions(nowhere_, found);
    for (auto& [name, t] : topics_) {
        for (auto& p : t) {
            add_partition_actions(p, found);
        }
    }
    if (sync_due()) {
        found.emplace_back([this] { sync(); });
    }
    return found;
}

void simulated_log::add_partition_actions(partition& p, std::vector<action>& found) {
    if (!p.queue.empty() && p.queue.front().delay == 0) {
        found.emplace_back([this, &p] { place(p); });
    }
    // Answers of one kind in one partition keep their order: only the first of each may go.
    for (const auto how : {durability::ordered, durability::synced}) {
        const auto at = std::find_if(p.answers.begin(), p.answers.end(),
                                     [how](const auto& a) { return a.how == how; });
        if (at != p.answers.end() && at->delay == 0 &&
            (!at->once_durable || *at->once_durable < p.durable)) {
            const auto index = static_cast<std::size_t>(at - p.answers.begin());
            found.emplace_back([this, &p, index] { answer_next(p, index); });
        }
    }
    for (auto& [name, w] : p.watchers) {
        if (w.due) {
            found.emplace_back([&p, name = name] {
                auto& due = p.watchers.at(name);
                due.due = false;
                const auto call = due.call;  // it may take itself away
                call(p.range());
            });
        }
    }
}

bool simulated_log::sync_due() const {
    return !stopped_ && dirty_since_ &&
           (sync_wanted_ || time_.monotonic() >= *dirty_since_ + sync_interval);
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
    if (faults_.unknown_stops) {
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
                             .timestamp = time_.wall(),
                             .key = std::move(r.key),
                             .value = std::move(r.value),
                             .headers = std::move(r.headers)});
    }
    if (!dirty_since_) {
        dirty_since_ = time_.monotonic();
    }
    const bool synced = a.how == durability::synced;
    sync_wanted_ = sync_wanted_ || synced;
    p.moved();
    if (a.done) {
        const offset last{p.end().value() - 1};
        p.answers.push_back({.done = std::move(a.done),
                             .value = first,
                             .how = a.how,
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
                p.moved();
            }
        }
    }
    dirty_since_.reset();
    sync_wanted_ = false;
}

void simulated_log::crash(crash_kind kind) {
    for (auto& [name, t] : topics_) {
        for (auto& p : t) {
            p.queue.clear();
            p.answers.clear();
            p.watchers.clear();
            if (kind == crash_kind::power_cut) {
                const auto at_risk =
                    static_cast<std::uint64_t>(p.end().value() - p.durable.value());
                const auto kept = faults_.power_cut_tears ? random_.below(at_risk + 1) : 0;
                p.records.resize(p.records.size() - (at_risk - kept));
            }
        }
    }
    nowhere_.answers.clear();
    unwritten_bytes_ = 0;
    stopped_ = false;
    sync();  // opening a log makes what it found durable
}

}  // namespace kwq::eventlog
