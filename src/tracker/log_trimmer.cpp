#include "tracker/log_trimmer.hpp"

#include <algorithm>

namespace kwq::tracker {

namespace {

/// Where the task topics of a shard begin, or end. Nothing when one cannot be asked: a place taken
/// for 0 would let events go too early.
std::optional<lane_offsets> offsets_of(eventlog::event_log& log, const sources& from,
                                       model::shard_id shard,
                                       model::offset eventlog::partition_range::*which) {
    lane_offsets out;
    for (const auto& s : from.all()) {
        if (!s->status && s->shard == shard) {
            const auto range = log.range(s->where);
            if (!range) {
                return std::nullopt;
            }
            out[{s->queue, s->priority}] = (*range).*which;
        }
    }
    return out;
}

}  // namespace

log_trimmer::log_trimmer(eventlog::event_log& log, const eventlog::topic_names& topics, tables& t,
                         milliseconds rejected_kept)
    : log_(log), topics_(topics), tables_(t), rejected_kept_(rejected_kept), watermarks_(t.state) {}

void log_trimmer::reload() {
    watermarks_.reload();
    step_.reset();
}

void log_trimmer::note_horizon(model::shard_id shard, model::offset at, const sources& from) {
    // Where they end now, not when it was written: further on, which is safe.
    if (const auto ends = offsets_of(log_, from, shard, &eventlog::partition_range::end)) {
        watermarks_.note(shard, at, *ends);
    }
}

void log_trimmer::begin(const std::vector<eventlog::log_need>& needs) {
    needs_.clear();
    for (const auto& n : needs) {
        needs_[n.where] = n.from;
    }
    step_ = 0;
}

bool log_trimmer::step(const sources& from, instant now, instant latest_end) {
    const auto& all = from.all();
    const auto at = (*step_)++;
    if (at < all.size()) {
        if (!all[at]->status) {
            trim_tasks(*all[at]);
        }
        return false;
    }
    bool changed = false;
    for (const auto& s : all) {
        if (s->status) {
            trim_rejected(s->shard, now);
            changed = trim_events(*s, from, latest_end) || changed;
        }
    }
    look(from);
    step_.reset();
    return changed;
}

void log_trimmer::trim(const eventlog::topic_partition& where, model::offset below) {
    // A log that fails says so itself, and ends the process.
    const auto done = log_.trim(where, below);
    view_.failed += done ? 0 : 1;
}

void log_trimmer::trim_tasks(const source& s) {
    const auto range = log_.range(s.where);
    const auto need = need_of(s.where);
    if (!range || !need) {
        return;
    }
    const auto below = std::min(first_needed(s, range->first), *need);
    if (below > range->first) {
        trim(s.where, below);
    }
}

/// Every record below has been read, and its task is over and gone.
model::offset log_trimmer::first_needed(const source& s, model::offset first) const {
    const auto rows = keys::rows_of_topic(s.shard, s.queue, s.priority);
    // What is not in the log has no say; and of what was removed there only the marks are left.
    const auto begin = keys::row({s.shard, {s.queue, s.priority, first}});
    auto needed = s.next;
    tables_.state.scan(rows, begin, [&](std::string_view key, std::string_view) {
        needed = std::min(needed, keys::place_in_row(key).record.offset);
        return false;
    });
    return needed;
}

/// Records there are in the order of their times; the first young one is found by halving.
void log_trimmer::trim_rejected(model::shard_id shard, instant now) {
    const eventlog::topic_partition where{topics_.rejected(), shard.value()};
    const auto range = log_.range(where);
    if (!range || range->first == range->durable) {
        return;
    }
    auto low = range->first.value();
    auto high = range->durable.value();
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        const auto read = log_.read(where, model::offset{middle}, 1);
        if (!read || read->empty()) {
            return;
        }
        if (now - read->front().timestamp > rejected_kept_) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low > range->first.value()) {
        trim(where, model::offset{low});
    }
}

bool log_trimmer::trim_events(const source& s, const sources& from, instant latest_end) {
    const auto firsts = offsets_of(log_, from, s.shard, &eventlog::partition_range::first);
    const auto ends = offsets_of(log_, from, s.shard, &eventlog::partition_range::end);
    if (!firsts || !ends) {
        return false;
    }
    bool changed =
        watermarks_.advance(s.shard, {.firsts = *firsts,
                                      .ends = *ends,
                                      .status_end = s.next,
                                      .latest_end = latest_end,
                                      .horizon = tables_.partition(s.shard).facts.horizon,
                                      .unfollowed = tables_.oldest_following(s.shard)});
    const auto free = watermarks_.free_below(s.shard);
    const auto need = need_of(s.where);
    if (free && need && *free <= *need && *free < s.next) {
        trim(s.where, *free);
        if (const auto range = log_.range(s.where); range && range->first == *free) {
            watermarks_.trimmed(s.shard, *free);
            changed = true;
        }
    }
    return changed;
}

std::optional<model::offset> log_trimmer::need_of(const eventlog::topic_partition& where) const {
    const auto found = needs_.find(where);
    return found == needs_.end() ? std::nullopt : std::optional(found->second);
}

void log_trimmer::look(const sources& from) {
    view_.partitions.clear();
    for (const auto& s : from.all()) {
        if (const auto range = log_.range(s->where); range && range->end > model::offset{0}) {
            const auto waits = s->status ? watermarks_.waits_for(s->shard) : std::nullopt;
            view_.partitions.push_back({s->where, range->first, range->end, waits});
        }
    }
}

}  // namespace kwq::tracker
