// queries: answers from the folded state. Each looks at a bounded number of rows: a page that finds
// little in many rows comes back short, with a cursor to go on.
#pragma once

#include "tracker/sweeps.hpp"
#include "tracker/tables.hpp"
#include "tracker/tracker.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::tracker {

/// Rows looked at for one page of tasks: some tens of milliseconds at the very worst.
inline constexpr std::size_t max_rows_a_page = 2'000;

class queries {
public:
    queries(tables& t, const sweeps& s) : tables_(t), sweeps_(s) {}

    result<task_view> task(const model::task_id& id);
    result<task_page> tasks(const task_filter& f);
    result<group_view> job(const model::job_name& job);
    result<group_view> tag(const model::tag_name& tag);
    result<group_page> page(name_kind kind, const name_page_query& q);
    /// Those that are defined, and any that tasks were seen in.
    /// An estimate from a few rows of each, of when the oldest one waiting was submitted.
    std::vector<queue_view> queues(const std::map<model::queue_name, std::int32_t>& defined);
    group_view overall();

    /// Nothing of the job is scheduled, pending, allocated, running or still to be submitted.
    static bool is_idle(const group_view& job);

private:
    task_view view(const row_place& place, const task_row& row, bool with_attempts);
    struct state_lists {
        std::vector<std::string> lists;
        std::int64_t rows = 0;
    };
    std::vector<std::string> lists_for(const task_filter& f);
    state_lists state_lists_for(const task_filter& f);
    bool matches(const task_filter& f, const row_place& place, const task_row& row);
    std::vector<std::pair<std::string, state_counts>> tags_of(name_number job);
    std::optional<instant> oldest_pending(const queue_view& q);

    tables& tables_;
    const sweeps& sweeps_;
    std::map<std::string, std::string> looked_up_to_;  // topic -> key of a row
};

}  // namespace kwq::tracker
