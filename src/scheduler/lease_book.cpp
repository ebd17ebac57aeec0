#include "scheduler/lease_book.hpp"

#include <algorithm>
#include <utility>

namespace kwq::scheduler {

namespace {

constexpr milliseconds progress_interval{5'000};

}  // namespace

milliseconds lease_book::entry::ends() const {
    return times_out ? std::min(expires, *times_out) : expires;
}

/// Leases of one length end in the order in which they begin.
void lease_book::schedule(const model::record& place, entry& e) {
    e.in_order = ends_.emplace_hint(ends_.end(), e.ends(), place);
}

void lease_book::unschedule(entry& e) {
    if (e.in_order != ends_.end()) {
        ends_.erase(std::exchange(e.in_order, ends_.end()));
    }
}

void lease_book::open(const model::record& place, const model::task_limits& limits,
                      milliseconds t) {
    close(place);
    entry e;
    e.lease = limits.lease;
    e.expires = t + limits.lease;
    if (limits.timeout) {
        e.times_out = t + *limits.timeout;
    }
    schedule(place, e);
    open_.emplace(place, e);
}

void lease_book::close(const model::record& place) {
    const auto found = open_.find(place);
    if (found != open_.end()) {
        unschedule(found->second);
        open_.erase(found);
    }
}

void lease_book::clear() {
    open_.clear();
    ends_.clear();
}

void lease_book::renew(const model::record& place, milliseconds t) {
    const auto found = open_.find(place);
    if (found == open_.end() || found->second.in_order == ends_.end()) {
        return;  // its end has been taken: the event decides
    }
    unschedule(found->second);
    found->second.expires = t + found->second.lease;
    schedule(place, found->second);
}

std::vector<lease_book::ending> lease_book::take_ended(milliseconds t, std::size_t limit) {
    std::vector<ending> out;
    while (!ends_.empty() && ends_.begin()->first <= t && out.size() < limit) {
        const auto place = ends_.begin()->second;
        auto& e = open_.at(place);
        unschedule(e);
        out.push_back({place, e.times_out && *e.times_out <= t});
    }
    return out;
}

std::optional<milliseconds> lease_book::next_end() const {
    if (ends_.empty()) {
        return std::nullopt;
    }
    return ends_.begin()->first;
}

bool lease_book::is_ending(const model::record& place) const {
    const auto found = open_.find(place);
    return found != open_.end() && found->second.in_order == ends_.end();
}

std::optional<milliseconds> lease_book::deadline(const model::record& place) const {
    const auto found = open_.find(place);
    return found == open_.end() ? std::nullopt : std::optional(found->second.ends());
}

void lease_book::reopen(const model::record& place, milliseconds t) {
    const auto found = open_.find(place);
    if (found != open_.end()) {
        unschedule(found->second);
        found->second.expires = std::max(found->second.expires, t + milliseconds{1});
        schedule(place, found->second);
    }
}

bool lease_book::note_progress(const model::record& place, std::uint64_t hash, milliseconds t) {
    const auto found = open_.find(place);
    if (found == open_.end()) {
        return false;
    }
    auto& e = found->second;
    const bool too_soon = e.progress_at && t - *e.progress_at < progress_interval;
    if (too_soon || (e.progress_at && e.progress_hash == hash)) {
        return false;
    }
    e.progress_hash = hash;
    e.progress_at = t;
    return true;
}

}  // namespace kwq::scheduler
