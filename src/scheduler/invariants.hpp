// invariants: what must hold of a shard now, and what may change between two moments. Run after
// every event in tests and in the simulator; a violation is a bug of ours, told as a sentence.
#pragma once

#include "scheduler/shard.hpp"

#include <optional>
#include <string>

namespace kwq::scheduler {

class invariants {
public:
    /// The first thing that does not hold, or nothing. Walks all that is in memory.
    static std::optional<std::string> broken(const shard& s);
    /// As broken(), and compares with what the last call saw: offsets and epochs only grow.
    std::optional<std::string> broken_since(const shard& s);

private:
    static std::optional<std::string> broken_leases(const shard& s);
    static std::optional<std::string> broken_buffer(const shard& s);
    static std::optional<std::string> broken_polls(const shard& s);

    offset applied_{-1};
    offset epoch_{-1};
    offset control_{-1};
};

}  // namespace kwq::scheduler
