#include "check/task_table.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace kwq::check {

std::string_view to_string(whereabouts w) {
    switch (w) {
        case whereabouts::ahead: return "waiting";
        case whereabouts::scheduled: return "scheduled";
        case whereabouts::pending: return "pending";
        case whereabouts::leased: return "leased";
        case whereabouts::dead: return "dead";
        case whereabouts::complete: return "complete";
        case whereabouts::cancelled: return "cancelled";
        case whereabouts::dropped: return "dropped as a duplicate";
        case whereabouts::set_aside: return "set aside";
    }
    return "?";
}

bool has_ended(whereabouts w) {
    return w == whereabouts::dead || w == whereabouts::complete || w == whereabouts::cancelled ||
           w == whereabouts::dropped || w == whereabouts::set_aside;
}

// ---- hash_index ---------------------------------------------------------------------------------

std::uint32_t& hash_index::operator[](std::uint64_t hash) {
    if (slots_.empty() || (size_ + 1) * 10 > slots_.size() * 7) {
        grow();
    }
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash & mask;
    while (slots_[i].used && slots_[i].hash != hash) {
        i = (i + 1) & mask;
    }
    if (!slots_[i].used) {
        slots_[i] = {hash, none, true};
        ++size_;
    }
    return slots_[i].row;
}

std::uint32_t hash_index::find(std::uint64_t hash) const {
    if (slots_.empty()) {
        return none;
    }
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask; slots_[i].used; i = (i + 1) & mask) {
        if (slots_[i].hash == hash) {
            return slots_[i].row;
        }
    }
    return none;
}

void hash_index::grow() {
    std::vector<slot> old(std::max<std::size_t>(1'024, slots_.size() * 2));
    old.swap(slots_);
    size_ = 0;
    for (const auto& s : old) {
        if (s.used) {
            (*this)[s.hash] = s.row;
        }
    }
}

// ---- task_table ---------------------------------------------------------------------------------

task_table::task_table() {
    intern_job(model::job_name{});
    intern_limits(model::task_limits{});
}

lane& task_table::add_lane(lane l) {
    l.begin = rows_.size();
    lanes_.push_back(std::move(l));
    resize(lanes_.back());
    return lanes_.back();
}

void task_table::resize(const lane& l) {
    KWQ_ASSERT(&l == &lanes_.back());
    rows_.resize(l.begin + static_cast<std::size_t>(l.end));
}

lane* task_table::find_lane(const model::queue_name& queue, model::priority p) {
    const auto is_it = [&](const lane& l) { return l.priority == p && l.queue == queue; };
    if (last_lane_ < lanes_.size() && is_it(lanes_[last_lane_])) {
        return &lanes_[last_lane_];
    }
    const auto found = std::find_if(lanes_.begin(), lanes_.end(), is_it);
    if (found == lanes_.end()) {
        return nullptr;
    }
    last_lane_ = static_cast<std::size_t>(found - lanes_.begin());
    return &*found;
}

task_line* task_table::find(const model::record& where) {
    const lane* l = find_lane(where.queue, where.priority);
    const auto at_offset = where.offset.value();
    return l == nullptr || at_offset < 0 || at_offset >= l->end ? nullptr : &at(*l, at_offset);
}

const lane& task_table::lane_of(const task_line& t) const {
    const std::size_t number = number_of(t);
    const auto after = std::upper_bound(
        lanes_.begin(), lanes_.end(), number,
        [](std::size_t n, const lane& l) { return n < l.begin + static_cast<std::size_t>(l.end); });
    KWQ_ASSERT(after != lanes_.end());
    return *after;
}

model::record task_table::place_of(const task_line& t) const {
    const lane& l = lane_of(t);
    return {l.queue, l.priority, model::offset{static_cast<std::int64_t>(number_of(t) - l.begin)}};
}

std::uint32_t task_table::intern_job(const model::job_name& job) {
    const auto [found, is_new] =
        job_numbers_.try_emplace(job, static_cast<std::uint32_t>(jobs_.size()));
    if (is_new) {
        jobs_.push_back(job);
    }
    return found->second;
}

std::optional<std::uint32_t> task_table::find_job(const model::job_name& job) const {
    const auto found = job_numbers_.find(job);
    return found == job_numbers_.end() ? std::nullopt : std::optional(found->second);
}

std::uint32_t task_table::intern_limits(const model::task_limits& l) {
    const limit_key key{l.max_attempts, l.lease.count(), l.backoff.count(),
                        l.timeout ? l.timeout->count() : -1};
    const auto [found, is_new] =
        limit_numbers_.try_emplace(key, static_cast<std::uint32_t>(limits_.size()));
    if (is_new) {
        limits_.push_back(l);
    }
    return found->second;
}

}  // namespace kwq::check
