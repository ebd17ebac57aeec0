// queries: answers from the folded state. Each looks at a bounded number of rows: a page that finds
// little in many rows comes back short, with a cursor to go on.
#pragma once

#include "tracker/sweeps.hpp"
#include "tracker/tables.hpp"
#include "tracker/tracker.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::tracker {

/// Rows looked at for one page of tasks: some tens of milliseconds at the very worst.
inline constexpr std::size_t max_rows_a_page = 2'000;

/// Items of a page that a caller wants so many of.
constexpr std::uint32_t page_limit(std::uint32_t wanted) {
    return std::clamp<std::uint32_t>(wanted, 1, 1'000);
}

class list_merge;

class queries {
public:
    queries(tables& t, const sweeps& s) : tables_(t), sweeps_(s) {}

    result<task_view> task(const model::task_id& id);
    result<task_page> tasks(const task_filter& f);
    result<group_view> job(const job_question& q);
    result<group_view> tag(const model::tag_name& tag);
    result<group_page> page(name_kind kind, const name_page_query& q);
    /// Those that are defined, and any that tasks were seen in.
    /// An estimate from a few rows of each, of when the oldest one waiting was submitted.
    std::vector<queue_view> queues(const std::map<model::queue_name, std::int32_t>& defined);
    group_view overall();

    /// Nothing of the job is scheduled, pending, allocated, running or still to be submitted, or
    /// nobody knows it. Cheap, unlike job(): asked after each change by those who wait for it.
    bool is_idle(const model::job_name& job);
    bool is_over(const model::task_id& id);  // the task has ended, or nobody knows it

    result<error_page> errors(const error_query& q);
    result<error_view> error(error_fingerprint group);
    /// One for each step from `from_s` to `to_s`, with zeros where nothing happened.
    std::vector<window_view> windows(const series_question& q);
    result<state_map_view> state_map(const state_map_question& q);
    result<task_view> task_at(const model::job_name& job, std::uint32_t index);

private:
    void show_ahead(task_view& v, const row_place& place);
    task_view view(const row_place& place, const task_row& row, bool with_attempts);
    /// The shortest lists so far.
    struct list_choice {
        std::vector<std::string> lists;
        std::int64_t rows = std::numeric_limits<std::int64_t>::max();
        void consider(std::vector<std::string> others, std::int64_t their_rows) {
            if (their_rows < rows) {
                rows = their_rows;
                lists = std::move(others);
            }
        }
    };
    std::vector<std::string> lists_for(const task_filter& f);
    std::int64_t counted_rows(const std::string& group_key, const state_set& states);
    void consider_queues(const task_filter& f, const state_set& states, list_choice& best);
    struct listed_row {
        std::string order;  // in which it was submitted
        row_place place;
        std::optional<task_row> row;
    };
    std::vector<listed_row> next_rows(list_merge& list, std::size_t most);
    bool matches(const task_filter& f, const row_place& place, const task_row& row);
    std::vector<std::pair<std::string, state_counts>> tags_of(name_number job, std::size_t most);
    struct names_found {
        std::vector<name_number> names;
        std::string next;  // where the page after this one goes on; empty: the end
    };
    std::vector<group_view> items_of_jobs(const std::vector<name_number>& jobs);
    std::vector<group_view> items_of_tags(const std::vector<name_number>& tags);
    names_found by_name(name_kind kind, const name_page_query& q, const std::string& last);
    names_found by_value(name_kind kind, const name_page_query& q, const std::string& last);
    std::optional<instant> oldest_pending(const queue_view& q);
    std::optional<instant> oldest_pending(name_number job, const group_view& g);
    std::optional<instant> oldest_pending_of_tag(name_number tag, const group_view& g);
    std::optional<instant> oldest_pending_with_tag(name_number tag);
    std::set<model::queue_name> queues_known() const;
    error_view error_in(error_groups::scope scope, error_fingerprint group, std::size_t most_jobs);

    tables& tables_;
    const sweeps& sweeps_;
    std::map<std::string, std::string> looked_up_to_;  // topic -> key of a row
};

}  // namespace kwq::tracker
