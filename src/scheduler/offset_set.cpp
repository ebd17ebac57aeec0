#include "scheduler/offset_set.hpp"

#include "base/assert.hpp"
#include "store/kv.hpp"

#include <algorithm>
#include <iterator>

namespace kwq::scheduler {

offset_set offset_set::all() {
    offset_set s;
    s.ranges_.emplace(0, no_end);
    return s;
}

bool offset_set::contains(offset o) const {
    const auto after = ranges_.upper_bound(o.value());
    return after != ranges_.begin() && o.value() < std::prev(after)->second;
}

void offset_set::insert(offset_range r) {
    KWQ_ASSERT(r.first < r.last);
    std::int64_t first = r.first.value();
    std::int64_t last = r.last.value();
    auto at = ranges_.upper_bound(first);
    if (at != ranges_.begin() && std::prev(at)->second >= first) {
        --at;
        first = at->first;
    }
    while (at != ranges_.end() && at->first <= last) {
        last = std::max(last, at->second);
        at = ranges_.erase(at);
    }
    ranges_.emplace(first, last);
}

void offset_set::erase(offset_range r) {
    const std::int64_t first = r.first.value();
    const std::int64_t last = r.last.value();
    auto at = ranges_.upper_bound(first);
    if (at != ranges_.begin()) {
        --at;
    }
    while (at != ranges_.end() && at->first < last) {
        const auto [from, to] = *at;
        if (to <= first) {
            ++at;
            continue;
        }
        at = ranges_.erase(at);
        if (from < first) {
            ranges_.emplace(from, first);
        }
        if (to > last) {
            ranges_.emplace(last, to);
        }
    }
}

std::optional<offset_range> offset_set::next_range(offset from) const {
    auto at = ranges_.upper_bound(from.value());
    if (at != ranges_.begin() && std::prev(at)->second > from.value()) {
        --at;
    }
    if (at == ranges_.end()) {
        return std::nullopt;
    }
    return offset_range{offset{std::max(at->first, from.value())}, offset{at->second}};
}

std::vector<offset_range> offset_set::ranges() const {
    std::vector<offset_range> out;
    out.reserve(ranges_.size());
    for (const auto& [first, last] : ranges_) {
        out.push_back({offset{first}, offset{last}});
    }
    return out;
}

std::string offset_set::encode() const {
    std::string out;
    for (const auto& [first, last] : ranges_) {
        store::append_u64(out, static_cast<std::uint64_t>(first));
        store::append_u64(out, static_cast<std::uint64_t>(last));
    }
    return out;
}

offset_set offset_set::decode(std::string_view bytes) {
    offset_set s;
    while (!bytes.empty()) {
        const auto first = static_cast<std::int64_t>(store::take_u64(bytes));
        const auto last = static_cast<std::int64_t>(store::take_u64(bytes));
        s.ranges_.emplace(first, last);
    }
    return s;
}

}  // namespace kwq::scheduler
