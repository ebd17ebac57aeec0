#include "tracker/groups.hpp"

#include "tracker/group_tally.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kwq::tracker {

namespace {

constexpr std::uint8_t group_version = 7;

void write_counts(store::byte_writer& w, const state_counts& counts) {
    for (const auto n : counts) {
        w.signed_number(n);
    }
}

state_counts read_counts(store::byte_reader& r) {
    state_counts counts{};
    for (auto& n : counts) {
        n = r.signed_number();
    }
    return counts;
}

}  // namespace

void group::submitted_at(instant at) {
    first_at = first_at ? std::min(*first_at, at) : at;
    changed_at(at);
}

void group::changed_at(instant at) {
    last_at = last_at ? std::max(*last_at, at) : at;
}

std::string write_group(const group& g) {
    std::string out;
    store::byte_writer w(out);
    w.u8(group_version);
    w.number(g.cells.size());
    for (const auto& c : g.cells) {
        w.signed_number(c.shard);
        w.text(c.queue);
        w.signed_number(c.priority);
        w.signed_number(c.level);
        write_counts(w, c.counts);
    }
    w.number(g.ordinals);
    w.u8(g.tags_counted ? 1 : 0);
    write_tally(g, out);  // to the end
    return out;
}

group read_group(std::string_view bytes) {
    store::byte_reader r(bytes);
    if (r.u8() != group_version) {
        throw store::storage_failure("the tracker's state holds counters of another version");
    }
    std::vector<job_cell> cells(r.number());
    for (auto& c : cells) {
        c.shard = r.named_number<model::shard_id>();
        c.queue = r.named_text<model::queue_name>();
        c.priority = r.named_number<model::priority>();
        c.level = r.named_number<model::priority>();
        c.counts = read_counts(r);
    }
    const auto ordinals = static_cast<std::uint32_t>(r.number());
    const bool tags_counted = r.u8() != 0;
    group g = read_tally(r.rest());
    g.cells = std::move(cells);
    g.ordinals = ordinals;
    g.tags_counted = tags_counted;
    return g;
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
    if (auto old = older_.extract(key)) {
        return &*held_.insert(std::move(old)).position;
    }
    const auto stored = packed(key);
    return stored ? &*held_.emplace(key, held{read_group(*stored), false}).first : nullptr;
}

group_store::groups::value_type& group_store::emplace(const std::string& key) {
    auto& made = *held_.emplace(key, held{}).first;
    state_.put(key, write_group(made.second.value));  // so that walks over keys find it
    return made;
}

/// As it is stored. A group that was changed once will be again: read from the state, it would cost
/// ten times what its bytes here do.
std::optional<std::string> group_store::packed(const std::string& key) {
    if (const auto* bytes = packed_in_memory(key)) {
        return *bytes;
    }
    return state_.get(key);
}

const std::string* group_store::packed_in_memory(const std::string& key) const {
    for (const auto* some : {&packed_, &older_packed_}) {
        if (const auto found = some->find(key); found != some->end()) {
            return &found->second;
        }
    }
    return nullptr;
}

void group_store::read(const std::vector<std::string>& keys) {
    std::vector<std::string> wanted;
    std::copy_if(keys.begin(), keys.end(), std::back_inserter(wanted), [this](const auto& key) {
        return !held_.contains(key) && !older_.contains(key) && packed_in_memory(key) == nullptr;
    });
    const auto stored = state_.get_many(wanted);
    for (std::size_t n = 0; n < wanted.size(); ++n) {
        if (stored[n]) {
            held_.emplace(wanted[n], held{read_group(*stored[n]), false});
        }
    }
}

group& group_store::change(const std::string& key) {
    auto* there = load(key);
    if (there == nullptr) {
        there = &emplace(key);
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

void group_store::write_changed(const visitor& seen) {
    for (auto* there : changed_) {
        auto& [key, h] = *there;
        auto& bytes = packed_[key];
        bytes = write_group(h.value);
        state_.put(key, bytes);
        h.changed = false;
        if (seen) {
            seen(key, h.value);
        }
    }
    changed_.clear();
    if (packed_.size() > limits_.packed / 2) {
        discards_.take(std::exchange(older_packed_, std::exchange(packed_, {})));
    }
}

void group_store::forget_some() {
    if (held_.size() > limits_.held / 2 && changed_.empty()) {
        discards_.take(std::exchange(older_, std::exchange(held_, {})));
    }
}

void group_store::forget_all() {
    changed_.clear();
    held_.clear();
    older_.clear();
    packed_.clear();
    older_packed_.clear();
}

}  // namespace kwq::tracker
