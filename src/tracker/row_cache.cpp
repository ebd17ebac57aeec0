#include "tracker/row_cache.hpp"

#include <functional>

namespace kwq::tracker {

namespace {

/// Rows that are kept although they are written: most will change again soon, or not for long.
constexpr std::size_t most_kept = 20'000;

}  // namespace

std::size_t row_cache::hash_of_place::operator()(const row_place& p) const {
    const auto queue = std::hash<std::string_view>()(p.record.queue.value());
    const auto lane = static_cast<std::uint64_t>(p.record.priority.value()) << 32U |
                      static_cast<std::uint32_t>(p.shard.value());
    const auto at = static_cast<std::uint64_t>(p.record.offset.value()) * 0x9e3779b97f4a7c15ULL;
    return queue ^ (at + (lane << 7U) + lane);
}

std::optional<task_row> row_cache::look(const row_place& place) const {
    if (const auto kept = rows_.find(place); kept != rows_.end()) {
        return kept->second.row;
    }
    const auto stored = state_.get(keys::row(place));
    return stored ? std::optional(read_row(*stored)) : std::nullopt;
}

row_cache::entry& row_cache::at(const row_place& place) {
    const auto [found, made] = rows_.try_emplace(place);
    entry& e = found->second;
    if (made) {
        if (const auto stored = state_.get(keys::row(place))) {
            e.row = read_row(*stored);
            e.is_stored = true;
        }
    }
    return e;
}

const task_row* row_cache::find(const row_place& place) {
    const entry& e = at(place);
    return e.row ? &*e.row : nullptr;
}

const task_row& row_cache::change(const row_place& place, task_row row) {
    entry& e = at(place);
    e.row = std::move(row);
    mark(*rows_.find(place));
    return *e.row;
}

void row_cache::relist(const counted& before, const counted& after) {
    const auto found = rows_.try_emplace(after.place).first;
    entry& e = found->second;
    if (!e.before) {
        e.before = before;
    }
    e.after = after;
    mark(*found);
}

void row_cache::mark(entries::value_type& e) {
    if (!e.second.is_changed) {
        e.second.is_changed = true;
        changed_.push_back(&e);
    }
}

void row_cache::write() {
    for (auto* changed : changed_) {
        entry& e = changed->second;
        const auto key = keys::row(changed->first);
        if (e.is_stored) {
            state_.put(key, write_row(*e.row));
        } else {
            state_.put_new(key, write_row(*e.row));
        }
        if (e.before) {
            write_lists(*e.before, e.after);
            e.before.reset();
        }
        e.is_stored = true;
        e.is_changed = false;
    }
    changed_.clear();
}

void row_cache::forget_some() {
    if (changed_.empty() && rows_.size() > most_kept) {
        rows_.clear();
    }
}

void row_cache::forget_all() {
    changed_.clear();
    rows_.clear();
}

void row_cache::write_lists(const counted& before, const counted& after) {
    const bool was = before.as == standing::task;
    const bool is = after.as == standing::task;
    const bool moved =
        was && is && before.same_groups(after) && before.submitted_at == after.submitted_at;
    const auto each_list = [](const counted& c, const auto& visit) {
        visit(keys::list_all());
        visit(keys::list_of_job(c.job));
        visit(keys::list_of_queue(c.place.record.queue));
        for (const auto tag : c.tags) {
            visit(keys::list_of_tag(tag));
        }
    };
    const auto before_at = keys::submit_order(before.submitted_at, before.place);
    const auto after_at = keys::submit_order(after.submitted_at, after.place);
    if (was && (!moved || before.listed != after.listed)) {
        state_.erase(keys::list_of_state(before.listed) + before_at);
    }
    if (was && !moved) {
        each_list(before, [&](const std::string& list) { state_.erase(list + before_at); });
    }
    if (is && (!moved || before.listed != after.listed)) {
        state_.put_new(keys::list_of_state(after.listed) + after_at, {});
    }
    if (is && !moved) {
        each_list(after, [&](const std::string& list) { state_.put_new(list + after_at, {}); });
    }
}

}  // namespace kwq::tracker
