#include "tracker/groups.hpp"

#include "tracker/group_tally.hpp"

#include <algorithm>

namespace kwq::tracker {

void group::submitted_at(instant at) {
    first_at = first_at ? std::min(*first_at, at) : at;
    changed_at(at);
}

void group::changed_at(instant at) {
    last_at = last_at ? std::max(*last_at, at) : at;
}

group_view view_of(const group& g) {
    group_view v;
    v.counts = g.counts;
    v.submitted = g.submitted;
    v.retries = g.retries;
    v.duplicates = g.duplicates;
    v.rejected = g.rejected;
    v.first_at = g.first_at;
    v.last_at = g.last_at;
    v.wait = g.wait.summary();
    v.run = g.run.summary();
    v.finished = g.finished;
    return v;
}

void add_counts(state_counts& to, const state_counts& what) {
    for (std::size_t i = 0; i < to.size(); ++i) {
        to.at(i) += what.at(i);
    }
}

group_store::groups::value_type* group_store::load(const std::string& key) {
    if (const auto found = held_.find(key); found != held_.end()) {
        return &*found;
    }
    const auto stored = state_.get(key);
    return stored ? &*held_.emplace(key, held{read_group(*stored), false}).first : nullptr;
}

group& group_store::change(const std::string& key) {
    auto* there = load(key);
    if (there == nullptr) {
        there = &*held_.emplace(key, held{}).first;
        state_.put(key, write_group({}));  // so that walks over keys find it
    }
    if (!there->second.changed) {
        there->second.changed = true;
        changed_.push_back(there);
    }
    return there->second.value;
}

const group* group_store::find(const std::string& key) {
    const auto* there = load(key);
    return there == nullptr ? nullptr : &there->second.value;
}

void group_store::write_changed() {
    for (auto* there : changed_) {
        state_.put(there->first, write_group(there->second.value));
        there->second.changed = false;
    }
    changed_.clear();
}

void group_store::forget_all() {
    changed_.clear();
    held_.clear();
}

}  // namespace kwq::tracker
