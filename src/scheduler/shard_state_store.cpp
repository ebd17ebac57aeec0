// The part of shard_state that loads, looks things up in its tables, and commits.
#include "base/assert.hpp"
#include "codec/event_codec.hpp"
#include "scheduler/shard_keys.hpp"
#include "scheduler/shard_state.hpp"

#include <algorithm>

namespace kwq::scheduler {

using store::append_i64;
using store::take_i64;

shard_state::shard_state(store::kv& state) : state_(state) {
    load();
}

void shard_state::load() {
    if (const auto header = state_.get(keys::header)) {
        std::string_view in = *header;
        applied_ = offset{take_i64(in)};
        applied_crc_ = store::take_u32(in);
        partition_.epoch = offset{take_i64(in)};
        partition_.t = milliseconds{take_i64(in)};
        partition_.control_seen = offset{take_i64(in)};
        partition_.horizon = instant{take_i64(in)};
        counts_.scheduled = take_i64(in);
        counts_.dead = take_i64(in);
        counts_.settled = take_i64(in);
    }
    newest_ids_.begin("");
    state_.scan_back("i", "", [this](std::string_view key, std::string_view) {
        newest_ids_.begin(std::string(key));
        return false;
    });
    state_.scan("a", "", [&](std::string_view key, std::string_view value) {
        key.remove_prefix(1);
        const auto which = keys::take_lane(key);
        auto& lane = lanes_[which];
        if (which.is_moved()) {
            moved_lanes_.insert(which);
        }
        lane.returned = take_i64(value);
        lane.ahead = offset_set::decode(value);
        return true;
    });
    state_.scan("c", "", [&](std::string_view key, std::string_view value) {
        key.remove_prefix(1);
        const offset at{take_i64(key)};
        const auto e = codec::read_event(value);
        KWQ_ASSERT(e.has_value());
        ledger_.apply(at, e->at, std::get<model::control>(e->body));
        return true;
    });
    state_.scan("f", "", [&](std::string_view key, std::string_view) {
        key.remove_prefix(1);
        unfollowed_.insert(offset{take_i64(key)});
        return true;
    });
    state_.scan("l", "", [&](std::string_view key, std::string_view value) {
        key.remove_prefix(1);
        leases_.emplace(keys::take_record(key), decode_row(value));
        return true;
    });
}

void shard_state::commit() {
    std::string header;
    append_i64(header, applied_.value());
    store::append_u32(header, applied_crc_);
    append_i64(header, partition_.epoch.value());
    append_i64(header, partition_.t.count());
    append_i64(header, partition_.control_seen.value());
    append_i64(header, partition_.horizon.value());
    append_i64(header, counts_.scheduled);
    append_i64(header, counts_.dead);
    append_i64(header, counts_.settled);
    state_.put(keys::header, header);
    for (auto& [key, lane] : lanes_) {
        if (!std::exchange(lane.is_dirty, false)) {
            continue;
        }
        std::string value;
        append_i64(value, lane.returned);
        value += lane.ahead.encode();
        state_.put(keys::lane(key), value);
    }
    state_.commit();
}

const shard_state::lane* shard_state::find_lane(const lane_key& key) const {
    const auto found = lanes_.find(key);
    return found == lanes_.end() ? nullptr : &found->second;
}

void shard_state::open_lane(const lane_key& key) {
    if (const auto [found, is_new] = lanes_.try_emplace(key); is_new) {
        found->second.is_dirty = true;
    }
}

std::vector<lane_key> shard_state::lanes() const {
    std::vector<lane_key> out;
    out.reserve(lanes_.size());
    for (const auto& [key, _] : lanes_) {
        out.push_back(key);
    }
    return out;
}

std::vector<lane_key> shard_state::lanes_at(const model::queue_name& queue,
                                            model::priority level) const {
    std::vector<lane_key> out{{queue, level}};
    for (const auto& key : moved_lanes_) {
        if (key.queue == queue && key.level == level) {
            out.push_back(key);
        }
    }
    return out;
}

std::vector<lane_key> shard_state::lanes_from(const model::queue_name& queue,
                                              model::priority topic) const {
    std::vector<lane_key> out{{queue, topic}};
    for (const auto& key : moved_lanes_) {
        if (key.queue == queue && key.topic == topic) {
            out.push_back(key);
        }
    }
    return out;
}

range_table shard_state::returned_table(const lane_key& key) const {
    return {state_, keys::returned(key)};
}

range_table shard_state::parked_table(const model::job_name& job, const lane_key& key) const {
    return {state_, keys::parked(job, key)};
}

std::vector<offset_range> shard_state::returned(const lane_key& key, offset from,
                                                std::size_t limit) const {
    const auto* lane = find_lane(key);
    if (lane == nullptr || lane->returned == 0) {
        return {};
    }
    return returned_table(key).next(from, limit);
}

std::optional<lane_key> shard_state::returned_lane(const record& place) const {
    const auto has = [&](const lane_key& key) {
        const auto* lane = find_lane(key);
        return lane != nullptr && lane->returned > 0 && returned_table(key).contains(place.offset);
    };
    if (auto own = lane_of(place); has(own)) {
        return own;
    }
    for (const auto& key : moved_lanes_) {
        if (key.queue == place.queue && key.topic == place.priority && has(key)) {
            return key;
        }
    }
    return std::nullopt;
}

std::vector<record> shard_state::due(instant now, std::size_t limit) const {
    std::vector<record> out;
    if (counts_.scheduled == 0) {
        return out;
    }
    state_.scan("d", "", [&](std::string_view key, std::string_view) {
        key.remove_prefix(1);
        if (take_i64(key) > now.value() || out.size() >= limit) {
            return false;
        }
        out.push_back(keys::take_record(key));
        return true;
    });
    return out;
}

std::optional<instant> shard_state::next_due() const {
    std::optional<instant> next;
    if (counts_.scheduled == 0) {
        return next;
    }
    state_.scan("d", "", [&](std::string_view key, std::string_view) {
        key.remove_prefix(1);
        next = instant{take_i64(key)};
        return false;
    });
    return next;
}

std::vector<shard_state::parked_range> shard_state::parked_of(const model::job_name& job,
                                                              std::size_t limit) const {
    std::vector<parked_range> out;
    const auto prefix = keys::parked_prefix(job);
    state_.scan(prefix, "", [&](std::string_view key, std::string_view value) {
        key.remove_prefix(prefix.size());
        auto where = keys::take_lane(key);
        const offset first{take_i64(key)};
        out.push_back({std::move(where), {first, offset{take_i64(value)}}});
        return out.size() < limit;
    });
    return out;
}

std::vector<model::job_name> shard_state::parked_jobs(const model::job_name& after,
                                                      std::size_t limit) const {
    std::vector<model::job_name> out;
    std::string from = after.value().empty() ? std::string() : keys::parked_prefix(after) + "\xff";
    while (out.size() < limit) {
        std::optional<model::job_name> found;
        state_.scan("p", from, [&](std::string_view key, std::string_view) {
            key.remove_prefix(1);
            found = model::job_name{std::string(store::take_text(key))};
            return false;
        });
        if (!found) {
            break;
        }
        from = keys::parked_prefix(*found) + "\xff";
        out.push_back(std::move(*found));
    }
    return out;
}

std::vector<record> shard_state::retried_dead(const model::job_name& job, std::size_t limit) const {
    std::vector<record> out;
    const auto retry = ledger_.last_retry(job);
    const auto prefix = keys::dead_prefix(job);
    state_.scan(prefix, "", [&](std::string_view key, std::string_view) {
        key.remove_prefix(prefix.size());
        if (offset{take_i64(key)} > retry || out.size() >= limit) {
            return false;
        }
        out.push_back(keys::take_record(key));
        return true;
    });
    return out;
}

}  // namespace kwq::scheduler
