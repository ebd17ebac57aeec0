// list_merge: several lists read as one, in submit order. No row is on two of them. Reads the
// state, which nobody may write meanwhile.
#pragma once

#include "tracker/task_lists.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kwq::tracker {

class list_merge {
public:
    /// `after`: the submit order to go on behind; empty: from the first, or the newest.
    list_merge(task_lists& lists_of_tasks, std::vector<std::string> lists, std::string after,
               bool newest_first);

    /// The next submit order.
    std::optional<std::string> next();

private:
    struct source {
        std::string list;
        std::deque<std::string> ahead;
        std::string last;  // the newest one read
    };
    void fill(std::size_t n);
    void show(std::size_t n);

    task_lists& tasks_;
    const bool newest_first_;
    const std::size_t at_once_;
    std::vector<source> sources_;
    std::map<std::string, std::size_t> heads_;  // the first of each source that has more
};

}  // namespace kwq::tracker
