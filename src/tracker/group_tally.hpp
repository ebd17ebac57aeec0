// group_tally: the counters of a group as a tally (store/tally.hpp): what a state holds of it, and
// what one more row does to it. So a group of which nobody needs the sums grows without being read.
#pragma once

#include "tracker/groups.hpp"

#include <string>
#include <string_view>

namespace kwq::tracker {

/// All but what only jobs have: cells, ordinals, tags_counted. Appends; nothing when nothing is
/// counted.
void write_tally(const group& g, std::string& out);
group read_tally(std::string_view tally);

}  // namespace kwq::tracker
