// What a memory kv commits to, for tests and the simulator: rows that outlive the kv, as files
// outlive a process. It can lose its newest commits, as files that are not fsynced do in a power
// cut: what is left is always the state after some older commit.
#pragma once

#include "store/kv.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace kwq::store {

class memory_rows {
public:
    using rows = std::map<std::string, std::string, std::less<>>;
    using changes = std::map<std::string, std::optional<std::string>, std::less<>>;

    /// `kept_commits`: how many of the newest commits can be lost again.
    explicit memory_rows(std::size_t kept_commits = 0) : kept_commits_(kept_commits) {}

    const rows& all() const { return rows_; }
    void commit(changes batch);
    void clear();
    /// How many commits can be lost, and losing the newest of them.
    std::size_t losable() const { return undo_.size(); }
    void lose_newest(std::size_t commits);

private:
    const std::size_t kept_commits_;
    rows rows_;
    std::deque<changes> undo_;  // newest last: the values there were before
};

/// Begins with what `rows` holds and commits to it; `rows` outlives it.
std::unique_ptr<kv> make_memory_kv(memory_rows& rows);

}  // namespace kwq::store
