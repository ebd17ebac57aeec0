#include "tracker/row_cache.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace kwq::tracker {

namespace {

/// Rows that are kept although they are written: most will change again soon, or not for long.
constexpr std::size_t most_kept = 8'000;
/// Tasks are mostly taken in the order in which they came: so many rows are read at once, when the
/// one that is asked for lies so near behind the last.
constexpr std::int64_t run_length = 64;

bool same_lane(const row_place& a, const row_place& b) {
    return a.shard == b.shard && a.record.priority == b.record.priority &&
           a.record.queue == b.record.queue;
}

std::uint8_t cell_in(const task_row& row) {
    return is_dropped(row) ? empty_cell : cell_of(row.listed, row.facts.attempt);
}

}  // namespace

std::optional<task_row> row_cache::look(const row_place& place) const {
    return std::move(look(std::vector{place}).front());
}

std::vector<std::optional<task_row>> row_cache::look(const std::vector<row_place>& places) const {
    std::vector<std::optional<task_row>> rows(places.size());
    std::vector<std::string> wanted;
    std::vector<std::size_t> wanted_for;
    for (std::size_t n = 0; n < places.size(); ++n) {
        if (const auto* kept = kept_at(places[n])) {
            rows[n] = kept->row_;
        } else {
            wanted.push_back(keys::row(places[n]));
            wanted_for.push_back(n);
        }
    }
    const auto stored = state_.get_many(wanted);
    for (std::size_t n = 0; n < stored.size(); ++n) {
        if (stored[n]) {
            rows[wanted_for[n]] = read_row(*stored[n]);
        }
    }
    return rows;
}

const kept_row* row_cache::kept_at(const row_place& place) const {
    const auto lane = lanes_.find({place.shard, place.record.queue, place.record.priority});
    if (lane == lanes_.end()) {
        return nullptr;
    }
    const auto kept = lane->second.rows.find(place.record.offset.value());
    return kept == lane->second.rows.end() ? nullptr : &kept->second;
}

row_cache::lane& row_cache::lane_at(const row_place& place) {
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
    lane& in = lane_at(place);
    const auto offset = place.record.offset;
    const auto [found, made] = in.rows.try_emplace(offset.value(), place);
    kept_row& kept = found->second;
    if (made) {
        ++kept_;
        if (offset < in.end) {
            load(in, kept);
        }
    }
    return kept;
}

void row_cache::load(lane& in, kept_row& kept) {
    const auto offset = kept.place_.record.offset.value();
    const auto behind = offset - std::exchange(in.read_to, model::offset{offset + 1}).value();
    // What is being committed is found by its key at once, and in order only when it is sorted.
    if (behind >= 0 && behind < run_length && !state_.is_committing()) {
        load_run(in, kept.place_);
    } else if (const auto stored = state_.get(keys::row(kept.place_))) {
        kept.row_ = read_row(*stored);
        kept.is_stored_ = true;
    }
}

/// The row of this place, which is kept already, and those behind it that are not. Keys end with
/// the offset, so that all but its last byte bounds the walk: many rows behind may have been let
/// go.
void row_cache::load_run(lane& in, const row_place& from) {
    const auto first = from.record.offset.value();
    const auto key_of_first = keys::row(from);
    state_.scan(std::string_view(key_of_first).substr(0, key_of_first.size() - 1), key_of_first,
                [&](std::string_view key, std::string_view value) {
                    auto place = keys::place_in_row(key);
                    const auto offset = place.record.offset.value();
                    if (offset >= first + run_length) {
                        return false;
                    }
                    const auto [found, made] = in.rows.try_emplace(offset, std::move(place));
                    kept_ += made ? 1 : 0;
                    if (made || offset == first) {
                        found->second.row_ = read_row(value);
                        found->second.is_stored_ = true;
                    }
                    return true;
                });
    constexpr std::int64_t keys_of_prefix = 256;
    in.read_to =
        model::offset{std::min(first + run_length, (first / keys_of_prefix + 1) * keys_of_prefix)};
}

task_row& row_cache::change(kept_row& kept) {
    if (!kept.is_changed_) {
        kept.is_changed_ = true;
        kept.listed_ = listing_of(kept.value());
        changed_.push_back(&kept);
    }
    return kept.row_ ? *kept.row_ : kept.row_.emplace();
}

void row_cache::note(kept_row& kept, std::optional<instant> at, const event_effects& effects) {
    if (kept.row_->tags.empty() || kept.effects_.add(at, effects)) {
        return;
    }
    tags_.count(kept.row_->tags, kept.effects_);
    kept.effects_ = {};
    kept.effects_.add(at, effects);
}

void row_cache::count_tags(kept_row& kept) {
    tags_.move(kept.listed_, listing_of(kept.value()), kept.effects_);
    kept.effects_ = {};
}

/// What it was counted as it stays counted as.
void row_cache::remove(kept_row& kept) {
    if (kept.is_changed_) {
        write();
    }
    const task_row& row = change(kept);
    if (row.known) {
        cells_.set(row.job, row.ordinal, empty_cell);
    }
    kept.row_.reset();
}

void row_cache::write() {
    std::string value;
    for (auto* kept : changed_) {
        const auto key = keys::row(kept->place_);
        if (!kept->row_) {
            state_.erase(key);
            tags_.let_go(kept->listed_);
            write_lists(kept->place_, kept->listed_, {});
            kept->is_stored_ = false;
            kept->is_changed_ = false;
            continue;
        }
        value.clear();
        write_row(*kept->row_, value);
        if (kept->is_stored_) {
            state_.put(key, value);
        } else {
            state_.put_new(key, value);
            lane& in = lane_at(kept->place_);
            in.end = std::max(in.end, model::offset{kept->place_.record.offset.value() + 1});
        }
        count_tags(*kept);
        write_lists(kept->place_, kept->listed_, listing_of(kept->value()));
        if (kept->row_->known) {
            cells_.set(kept->row_->job, kept->row_->ordinal, cell_in(*kept->row_));
        }
        kept->is_stored_ = true;
        kept->is_changed_ = false;
    }
    changed_.clear();
}

void row_cache::forget_some() {
    if (changed_.empty() && kept_ > most_kept) {
        std::vector<kept_rows> gone;
        gone.reserve(lanes_.size());
        for (auto& [key, lane] : lanes_) {
            gone.push_back(std::exchange(lane.rows, {}));
        }
        discards_.take(std::move(gone));
        kept_ = 0;
    }
}

void row_cache::forget_all() {
    changed_.clear();
    lanes_.clear();
    newest_lane_ = nullptr;
    kept_ = 0;
}

name_number row_cache::lane_of(const row_place& place) {
    lane& in = lane_at(place);
    if (in.number == no_name) {
        in.number = lists_.lane_of(place);
    }
    return in.number;
}

void row_cache::write_lists(const row_place& place, const listing& before, const listing& after) {
    const bool same_order = before.as == standing::task && after.as == before.as &&
                            before.submitted_at == after.submitted_at;
    using names = std::vector<name_number>;
    const auto lane = lane_of(place);
    const auto visit = [&](const listing& of, const listing& other, const auto& change) {
        if (of.as != standing::task) {
            return;
        }
        const task_lists::listed task{of.submitted_at, lane, place.record.offset};
        const bool tells_tags = of.state == model::task_state::pending;
        if (!same_order || of.state != other.state || (tells_tags && of.tags != other.tags)) {
            change(keys::list_of_state(of.state, place.record.queue), task,
                   tells_tags ? of.tags : names{});
        }
        if (!same_order || of.state != other.state || of.job != other.job ||
            of.tags != other.tags) {
            change(keys::list_of_job(of.job, of.state), task, of.tags);
        }
        if (of.worker != no_name && (!same_order || of.worker != other.worker)) {
            change(keys::list_of_worker(of.worker), task, {});
        }
        if (of.error.value() != 0 && (!same_order || of.error != other.error)) {
            change(keys::list_of_error(of.error), task, {});
        }
        if (!same_order || of.tags != other.tags) {
            for (const auto tag : of.tags) {
                change(keys::list_of_tag(tag), task, {});
            }
        }
    };
    visit(before, after, [this](const std::string& list, const auto& task, const names& /*tags*/) {
        lists_.take_out(list, task);
    });
    visit(after, before, [this](const std::string& list, const auto& task, const names& tags) {
        lists_.put(list, task, write_tags(tags));
    });
}

}  // namespace kwq::tracker
