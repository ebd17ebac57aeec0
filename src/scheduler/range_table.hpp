// range_table: ranges of offsets on disk, below one key prefix. Holds what may be many (tasks that
// came back, tasks of paused jobs) without costing memory. The ranges of a table never overlap.
#pragma once

#include "model/ids.hpp"
#include "store/kv.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace kwq::scheduler {

class range_table {
public:
    /// `state` must outlive the table; tables are cheap, made where they are used.
    range_table(store::kv& state, std::string prefix) : state_(state), prefix_(std::move(prefix)) {}

    bool contains(model::offset o) const;
    /// Adds what of `r` is not there. Returns how many ranges more there are. An owner adds only
    /// what is new; but whatever its events say, reading them must end well.
    int insert(model::offset_range r);
    /// Takes away what of `r` is there. Returns the change of the number of ranges.
    int erase(model::offset_range r);
    /// At most `limit` ranges that end above `from`, in order; the first cut to begin at `from`.
    std::vector<model::offset_range> next(model::offset from, std::size_t limit) const;

private:
    std::optional<model::offset_range> before(model::offset o) const;
    std::optional<model::offset_range> covering(model::offset o) const;
    std::string key(model::offset first) const;

    store::kv& state_;
    const std::string prefix_;
};

}  // namespace kwq::scheduler
