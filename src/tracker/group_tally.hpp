// group_tally: the counters of a group as a tally (store/tally.hpp): what a state holds of it, and
// what one more change does to it. So a group of which nobody needs the sums grows without being
// read.
#pragma once

#include "tracker/groups.hpp"

#include <string>
#include <string_view>

namespace kwq::tracker {

/// As a state holds it, and takes it in as a change (store/merging.hpp).
std::string write_group(const group& g);
group read_group(std::string_view stored);

/// Nothing was counted in it: as a change it changes nothing.
bool is_empty(std::string_view written);

}  // namespace kwq::tracker
