#include "scheduler/range_table.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <string_view>

namespace kwq::scheduler {

using model::offset;
using model::offset_range;

namespace {

std::string encode_last(offset last) {
    std::string value;
    store::append_u64(value, static_cast<std::uint64_t>(last.value()));
    return value;
}

offset take_offset(std::string_view bytes) {
    return offset{static_cast<std::int64_t>(store::take_u64(bytes))};
}

}  // namespace

std::string range_table::key(offset first) const {
    std::string k = prefix_;
    store::append_u64(k, static_cast<std::uint64_t>(first.value()));
    return k;
}

/// The last range that begins at or before `o`.
std::optional<offset_range> range_table::before(offset o) const {
    std::optional<offset_range> found;
    state_.scan_back(
        prefix_, key(offset{o.value() + 1}), [&](std::string_view k, std::string_view v) {
            found = offset_range{take_offset(k.substr(prefix_.size())), take_offset(v)};
            return false;
        });
    return found;
}

std::optional<offset_range> range_table::covering(offset o) const {
    auto found = before(o);
    return found && o < found->last ? found : std::nullopt;
}

bool range_table::contains(offset o) const {
    return covering(o).has_value();
}

int range_table::insert(offset_range r) {
    KWQ_ASSERT(r.first < r.last);
    // One offset overlaps at most the range that covers it; only longer ones need a look ahead.
    const bool one = r.first.value() + 1 == r.last.value();
    const int gone = one ? 0 : erase(r);
    const auto left = before(r.first);
    if (left && r.last <= left->last) {
        return gone;
    }
    // Met in order, parked ranges touch: as one they cost one row.
    if (left && left->last == r.first) {
        state_.put(key(left->first), encode_last(r.last));
        return gone;
    }
    state_.put(key(r.first), encode_last(r.last));
    return gone + 1;
}

int range_table::erase(offset_range r) {
    std::vector<offset_range> touched;
    if (const auto before = covering(r.first)) {
        touched.push_back(*before);
    }
    state_.scan(prefix_, key(offset{r.first.value() + 1}),
                [&](std::string_view k, std::string_view v) {
                    const offset_range found{take_offset(k.substr(prefix_.size())), take_offset(v)};
                    if (found.first >= r.last) {
                        return false;
                    }
                    touched.push_back(found);
                    return true;
                });
    int change = 0;
    for (const auto& t : touched) {
        state_.erase(key(t.first));
        --change;
        if (t.first < r.first) {
            change += insert({t.first, r.first});
        }
        if (t.last > r.last) {
            change += insert({r.last, t.last});
        }
    }
    return change;
}

std::vector<offset_range> range_table::next(offset from, std::size_t limit) const {
    std::vector<offset_range> out;
    if (const auto first = covering(from)) {
        out.push_back({from, first->last});
    }
    state_.scan(prefix_, key(offset{from.value() + (out.empty() ? 0 : 1)}),
                [&](std::string_view k, std::string_view v) {
                    if (out.size() >= limit) {
                        return false;
                    }
                    out.push_back({take_offset(k.substr(prefix_.size())), take_offset(v)});
                    return true;
                });
    return out;
}

}  // namespace kwq::scheduler
