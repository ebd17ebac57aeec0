#include "tracker/watermarks.hpp"

#include "store/bytes.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::tracker {

namespace {

constexpr std::string_view table = "W";

std::string key_of(model::shard_id shard, model::offset at) {
    std::string key(table);
    store::append_u32(key, static_cast<std::uint32_t>(shard.value()));
    store::append_i64(key, at.value());
    return key;
}

std::string encode(const watermark& w) {
    std::string out;
    store::byte_writer to(out);
    to.u8(static_cast<std::uint8_t>(w.stage));
    to.signed_number(w.latest_end);
    to.signed_number(w.followed);
    for (const auto& [lane, end] : w.ends) {
        to.text(lane.first);
        to.signed_number(lane.second);
        to.signed_number(end);
    }
    return out;
}

watermark decode(std::string_view value) {
    store::byte_reader from(value);
    watermark w;
    w.stage = static_cast<trim_stage>(from.u8());
    w.latest_end = from.named_number<instant>();
    w.followed = from.named_number<model::offset>();
    while (!from.at_end()) {
        auto queue = from.named_text<model::queue_name>();
        const auto priority = from.named_number<model::priority>();
        w.ends[{std::move(queue), priority}] = from.named_number<model::offset>();
    }
    return w;
}

/// Are the records below `ends` gone? A topic that is not known any more counts as not gone.
bool are_gone(const lane_offsets& ends, const lane_offsets& firsts) {
    return std::all_of(ends.begin(), ends.end(), [&](const auto& end) {
        const auto first = firsts.find(end.first);
        return first != firsts.end() && first->second >= end.second;
    });
}

}  // namespace

bool move_on(watermark& w, const trim_facts& now) {
    const auto before = w.stage;
    if (w.stage == trim_stage::tasks && are_gone(w.ends, now.firsts)) {
        w.stage = trim_stage::ids;
        w.latest_end = now.latest_end;
    }
    if (w.stage == trim_stage::ids && now.horizon > w.latest_end) {
        w.stage = trim_stage::copies;
        w.ends = now.ends;
        w.followed = now.status_end;
    }
    if (w.stage == trim_stage::copies && are_gone(w.ends, now.firsts) &&
        (!now.unfollowed || *now.unfollowed >= w.followed)) {
        w.stage = trim_stage::free;
        w.ends.clear();
    }
    return w.stage != before;
}

void watermarks::reload() {
    all_.clear();
    state_.scan(table, {}, [&](std::string_view key, std::string_view value) {
        key.remove_prefix(table.size());
        const model::shard_id shard{static_cast<std::int32_t>(store::take_u32(key))};
        all_[shard][model::offset{store::take_i64(key)}] = decode(value);
        return true;
    });
}

void watermarks::note(model::shard_id shard, model::offset at, const lane_offsets& ends) {
    watermark w;
    w.ends = ends;
    put(shard, at, w);
    all_[shard][at] = std::move(w);
    thin(shard);
}

bool watermarks::advance(model::shard_id shard, const trim_facts& now) {
    bool moved = false;
    for (auto& [at, w] : all_[shard]) {
        if (move_on(w, now)) {
            put(shard, at, w);
            moved = true;
        }
    }
    return moved;
}

std::optional<model::offset> watermarks::free_below(model::shard_id shard) const {
    std::optional<model::offset> newest;
    if (const auto found = all_.find(shard); found != all_.end()) {
        for (const auto& [at, w] : found->second) {
            newest = w.stage == trim_stage::free ? std::optional(at) : newest;
        }
    }
    return newest;
}

std::optional<trim_stage> watermarks::waits_for(model::shard_id shard) const {
    if (const auto found = all_.find(shard); found != all_.end()) {
        for (const auto& [at, w] : found->second) {
            if (w.stage != trim_stage::free) {
                return w.stage;
            }
        }
    }
    return std::nullopt;
}

void watermarks::trimmed(model::shard_id shard, model::offset first) {
    auto& of = all_[shard];
    while (!of.empty() && of.begin()->first <= first) {
        erase(shard, of.begin()->first);
    }
}

void watermarks::put(model::shard_id shard, model::offset at, const watermark& w) {
    state_.put(key_of(shard, at), encode(w));
}

void watermarks::erase(model::shard_id shard, model::offset at) {
    state_.erase(key_of(shard, at));
    all_[shard].erase(at);
}

void watermarks::thin(model::shard_id shard) {
    auto& of = all_[shard];
    if (of.size() <= most_watermarks) {
        return;
    }
    std::vector<model::offset> places;
    for (const auto& [at, w] : of) {
        places.push_back(at);
    }
    // The oldest, which is nearest to being free, and the newest stay.
    for (std::size_t i = 1; i + 1 < places.size(); i += 2) {
        erase(shard, places[i]);
    }
}

}  // namespace kwq::tracker
