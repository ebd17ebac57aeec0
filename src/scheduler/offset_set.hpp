// offset_set: a set of offsets kept as half-open ranges. What is *ahead* of a lane is such a set:
// at first all of it, then everything from the cursor on but for the few that went out of turn.
#pragma once

#include "model/ids.hpp"

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::scheduler {

using model::offset;
using model::offset_range;

class offset_set {
public:
    static constexpr std::int64_t no_end = std::numeric_limits<std::int64_t>::max();

    static offset_set all();

    bool contains(offset o) const;
    bool empty() const { return ranges_.empty(); }
    std::size_t range_count() const { return ranges_.size(); }

    void insert(offset_range r);
    void erase(offset_range r);
    void erase(offset o) { erase({o, offset{o.value() + 1}}); }

    /// The first range that ends above `from`, cut to begin at `from` at the earliest.
    std::optional<offset_range> next_range(offset from) const;
    std::vector<offset_range> ranges() const;

    std::string encode() const;
    static offset_set decode(std::string_view bytes);

    friend bool operator==(const offset_set&, const offset_set&) = default;

private:
    std::map<std::int64_t, std::int64_t> ranges_;  // first -> last, never touching each other
};

}  // namespace kwq::scheduler
