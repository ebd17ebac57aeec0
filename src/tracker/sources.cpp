#include "tracker/sources.hpp"

#include "base/hash.hpp"
#include "store/bytes.hpp"
#include "tracker/keys.hpp"

#include <algorithm>
#include <limits>

namespace kwq::tracker {

namespace {

constexpr std::size_t read_ahead_bytes = 64U << 20U;  // of all partitions together
constexpr std::size_t least_read = 64U << 10U;
constexpr std::size_t most_read = 512U << 10U;
const std::string watch_name = "tracker";

std::uint32_t checksum(const eventlog::log_record& r) {
    return crc32c(r.value);
}

}  // namespace

sources::sources(eventlog::event_log& log, const eventlog::topic_names& topics,
                 std::function<void()> wake)
    : log_(log), topics_(topics), wake_(std::move(wake)) {}

sources::~sources() {
    for (const auto& s : all_) {
        log_.watch(s->where, watch_name, {});
    }
}

void sources::add_status(const store::kv& state) {
    for (std::int32_t p = 0;; ++p) {
        auto s = std::make_unique<source>();
        s->where = {topics_.status(), p};
        if (!log_.range(s->where)) {
            return;
        }
        s->shard = model::shard_id{p};
        s->status = true;
        add(state, std::move(s));
    }
}

void sources::add_queue(const store::kv& state, const model::queue_name& queue,
                        std::int32_t priorities) {
    for (std::int32_t priority = 1; priority <= priorities; ++priority) {
        for (std::int32_t p = 0;; ++p) {
            auto s = std::make_unique<source>();
            s->where = {topics_.tasks(queue, model::priority{priority}), p};
            if (!log_.range(s->where)) {
                break;
            }
            s->shard = model::shard_id{p};
            s->queue = queue;
            s->priority = model::priority{priority};
            add(state, std::move(s));
        }
    }
}

void sources::add(const store::kv& state, std::unique_ptr<source> s) {
    const auto same = [&](const auto& other) { return other->where == s->where; };
    const auto range = log_.range(s->where);
    if (!range || std::any_of(all_.begin(), all_.end(), same)) {
        return;
    }
    place_at_stored(state, *s, *range);
    s->end = range->end.value();
    s->durable = range->durable.value();
    s->caught_up_at = range->end;
    source* const kept = all_.emplace_back(std::move(s)).get();
    log_.watch(kept->where, watch_name, [this, kept](const eventlog::partition_range& now) {
        kept->end = now.end.value();
        kept->durable = now.durable.value();
        wake_();
    });
}

void sources::place_at_stored(const store::kv& state, source& s,
                              const eventlog::partition_range& range) {
    s.next = range.first;
    const auto stored = state.get(keys::applied(s.where.topic, s.where.partition));
    if (!stored) {
        return;
    }
    store::byte_reader r(*stored);
    const auto next = r.named_number<model::offset>();
    const auto crc = static_cast<std::uint32_t>(r.number());
    // Events that were trimmed before this state knew them are lost to it: it is an old copy.
    // Records of tasks are not: what they became is in the events.
    if (next > range.end || (s.status && next < range.first)) {
        agree_ = false;
        return;
    }
    const model::offset last{next.value() - 1};
    if (last >= range.first) {
        const auto read = log_.read(s.where, last, 1);
        if (!read || read->empty() || checksum(read->front()) != crc) {
            agree_ = false;
            return;
        }
    }
    s.next = std::max(next, range.first);
    s.last_crc = crc;
}

void sources::start_over() {
    agree_ = true;
    for (auto& s : all_) {
        const auto range = log_.range(s->where);
        s->next = range ? range->first : model::offset{0};
        s->moved = false;
        s->read_ahead.clear();
    }
}

void sources::fill(source& s) {
    if (!s.read_ahead.empty() || s.next.value() >= s.end || !failure_.empty()) {
        return;
    }
    const auto share = std::clamp(read_ahead_bytes / all_.size(), least_read, most_read);
    auto read = log_.read(s.where, s.next, share);
    if (!read && read.error().code == eventlog::errc::trimmed) {
        if (const auto range = log_.range(s.where)) {
            s.next = range->first;  // what is gone was needed by nobody any more
            read = log_.read(s.where, s.next, share);
        }
    }
    if (!read) {
        failure_ = "cannot read " + s.where.topic + " partition " +
                   std::to_string(s.where.partition) + ": " + read.error().detail;
        return;
    }
    for (auto& r : *read) {
        s.read_ahead.push_back(std::move(r));
    }
}

source* sources::oldest(instant& until) {
    source* best = nullptr;
    until = instant{std::numeric_limits<std::int64_t>::max()};
    for (auto& s : all_) {
        fill(*s);
        if (s->read_ahead.empty()) {
            continue;
        }
        const auto at = s->read_ahead.front().timestamp;
        const bool older = best == nullptr || at < best->read_ahead.front().timestamp ||
                           (at == best->read_ahead.front().timestamp && best->status);
        if (older) {
            if (best != nullptr) {
                until = std::min(until, best->read_ahead.front().timestamp);
            }
            best = s.get();
        } else {
            until = std::min(until, at);
        }
    }
    return failure_.empty() ? best : nullptr;
}

void sources::folded(source& s) {
    s.last_crc = checksum(s.read_ahead.front());
    s.next = model::offset{s.read_ahead.front().offset.value() + 1};
    s.moved = true;
    s.read_ahead.pop_front();
}

bool sources::all_durable() const {
    return std::all_of(all_.begin(), all_.end(),
                       [](const auto& s) { return !s->moved || s->next.value() <= s->durable; });
}

void sources::write_offsets(store::kv& state) {
    for (auto& s : all_) {
        if (s->moved) {
            std::string out;
            store::byte_writer w(out);
            w.signed_number(s->next);
            w.number(s->last_crc);
            state.put(keys::applied(s->where.topic, s->where.partition), out);
            s->moved = false;
        }
    }
}

std::int64_t sources::lag() const {
    std::int64_t lag = 0;
    for (const auto& s : all_) {
        lag += std::max<std::int64_t>(s->end - s->next.value(), 0);
    }
    return lag;
}

bool sources::caught_up() const {
    return std::all_of(all_.begin(), all_.end(),
                       [](const auto& s) { return s->next >= s->caught_up_at; });
}

bool sources::reached(const model::position& p) const {
    for (const auto& s : all_) {
        const bool right =
            s->shard == p.shard && s->status == p.status &&
            (p.status || (s->queue == p.place.queue && s->priority == p.place.priority));
        if (right) {
            return s->next > p.place.offset;
        }
    }
    return false;
}

std::vector<model::position> sources::ends() const {
    std::vector<model::position> ends;
    for (const auto& s : all_) {
        if (const std::int64_t end = s->end; s->next.value() < end) {
            const model::record last{s->queue, s->priority, model::offset{end - 1}};
            ends.push_back({.shard = s->shard, .status = s->status, .place = last});
        }
    }
    return ends;
}

}  // namespace kwq::tracker
