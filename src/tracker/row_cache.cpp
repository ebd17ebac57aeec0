#include "tracker/row_cache.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace kwq::tracker {

namespace {

/// Rows that are kept although they are written: most will change again soon, or not for long.
constexpr std::size_t most_kept = 20'000;

bool same_lane(const row_place& a, const row_place& b) {
    return a.shard == b.shard && a.record.priority == b.record.priority &&
           a.record.queue == b.record.queue;
}

listing listing_of(const task_row* row) {
    if (row == nullptr || is_dropped(*row)) {
        return {};
    }
    return {true, row->job, row->tags, row->submitted_at, row->listed};
}

}  // namespace

std::optional<task_row> row_cache::look(const row_place& place) const {
    const auto lane = lanes_.find({place.shard, place.record.queue, place.record.priority});
    if (lane != lanes_.end()) {
        const auto& rows = lane->second.rows;
        if (const auto kept = rows.find(place.record.offset.value()); kept != rows.end()) {
            return kept->second.row_;
        }
    }
    const auto stored = state_.get(keys::row(place));
    return stored ? std::optional(read_row(*stored)) : std::nullopt;
}

row_cache::lane& row_cache::lane_of(const row_place& place) {
    if (newest_lane_ != nullptr && same_lane(place, newest_place_)) {
        return *newest_lane_;
    }
    const auto& [queue, priority, offset] = place.record;
    const auto [found, made] = lanes_.try_emplace({place.shard, queue, priority});
    if (made) {
        state_.scan_back(keys::rows_of_topic(place.shard, queue, priority), {},
                         [&, &lane = found->second](std::string_view key, std::string_view) {
                             const auto last = keys::place_in_row(key).record.offset;
                             lane.end = model::offset{last.value() + 1};
                             return false;
                         });
    }
    newest_lane_ = &found->second;
    newest_place_ = place;
    return found->second;
}

kept_row& row_cache::at(const row_place& place) {
    lane& in = lane_of(place);
    const auto offset = place.record.offset;
    const auto [found, made] = in.rows.try_emplace(offset.value(), place);
    kept_row& kept = found->second;
    if (made) {
        ++kept_;
        if (offset < in.end) {
            if (const auto stored = state_.get(keys::row(place))) {
                kept.row_ = read_row(*stored);
                kept.is_stored_ = true;
            }
        }
    }
    return kept;
}

task_row& row_cache::change(kept_row& kept) {
    if (!kept.is_changed_) {
        kept.is_changed_ = true;
        kept.listed_ = listing_of(kept.value());
        changed_.push_back(&kept);
    }
    return kept.row_ ? *kept.row_ : kept.row_.emplace();
}

void row_cache::write() {
    std::string value;
    for (auto* kept : changed_) {
        const auto key = keys::row(kept->place_);
        value.clear();
        write_row(*kept->row_, value);
        if (kept->is_stored_) {
            state_.put(key, value);
        } else {
            state_.put_new(key, value);
            lane& in = lane_of(kept->place_);
            in.end = std::max(in.end, model::offset{kept->place_.record.offset.value() + 1});
        }
        write_lists(kept->place_, kept->listed_, listing_of(kept->value()));
        kept->is_stored_ = true;
        kept->is_changed_ = false;
    }
    changed_.clear();
}

void row_cache::forget_some() {
    if (changed_.empty() && kept_ > most_kept) {
        for (auto& [key, lane] : lanes_) {
            lane.rows.clear();
        }
        kept_ = 0;
    }
}

void row_cache::forget_all() {
    changed_.clear();
    lanes_.clear();
    newest_lane_ = nullptr;
    kept_ = 0;
}

void row_cache::write_lists(const row_place& place, const listing& before, const listing& after) {
    const bool same_order =
        before.is_task && after.is_task && before.submitted_at == after.submitted_at;
    const auto visit_steady = [](const listing& l, const auto& visit) {
        visit(keys::list_of_job(l.job));
        for (const auto tag : l.tags) {
            visit(keys::list_of_tag(tag));
        }
    };
    const bool steady = same_order && before.job == after.job && before.tags == after.tags;
    const bool same_state = same_order && before.state == after.state;
    const auto state_list = [&](const listing& l) {
        return keys::list_of_state(l.state, place.record.queue);
    };
    if (before.is_task && !(steady && same_state)) {
        const auto at = keys::submit_order(before.submitted_at, place);
        if (!same_state) {
            state_.erase(state_list(before) + at);
        }
        if (!steady) {
            visit_steady(before, [&](const std::string& list) { state_.erase(list + at); });
        }
    }
    if (after.is_task && !(steady && same_state)) {
        const auto at = keys::submit_order(after.submitted_at, place);
        if (!same_state) {
            state_.put_new(state_list(after) + at, {});
        }
        if (!steady) {
            visit_steady(after, [&](const std::string& list) { state_.put_new(list + at, {}); });
        }
    }
}

}  // namespace kwq::tracker
