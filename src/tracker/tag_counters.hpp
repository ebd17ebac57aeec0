// tag_counters: what is counted of tags, and of the tags within a job. A task with five tags is in
// ten such groups, so they are not brought up to date with each event, but when its row is written
// and put on its lists: between two commits most tasks see several events. Tags count the state
// that a row is listed under. What a tag counts grows in the state without being read
// (store/tally.hpp): the same few bytes are added to each of a task's tags.
//
// A job may have as many tags as tasks, and most jobs are small: what a tag counts within a small
// one is counted when somebody asks, from the job's lists, of which each entry holds the task's
// tags. One that grows beyond most_tasks_uncounted gets counters, which grow without being read
// (store/merging.hpp). Either way what retention let go of stays counted.
#pragma once

#include "store/kv.hpp"
#include "tracker/group_totals.hpp"
#include "tracker/groups.hpp"
#include "tracker/job_counters.hpp"
#include "tracker/rows.hpp"
#include "tracker/task_lists.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::tracker {

/// Tasks of a job that may have to be counted for one question, while the fold waits.
inline constexpr std::uint32_t most_tasks_uncounted = 2'000;
/// Stands for the tags of a job beyond max_tags_of_job.
inline constexpr name_number other_tags = no_name;

/// What events did to a row since it was last written, besides its state.
struct tag_effects {
    std::optional<instant> last_at;
    std::optional<milliseconds> waited, ran;
    std::optional<instant> finished;
    std::int64_t retries = 0;

    /// One event more; false: there is no room for it before these are counted.
    bool add(std::optional<instant> at, const event_effects& effects);
};

/// The value of an entry of a job's list, and of one of what is pending.
std::string write_tags(const std::vector<name_number>& tags);
bool has_tag(std::string_view written, name_number tag);

class tag_counters {
public:
    tag_counters(store::kv& state, job_counters& jobs, task_lists& lists,
                 std::uint32_t most_uncounted)
        : state_(state),
          jobs_(jobs),
          lists_(lists),
          totals_(state, name_kind::tag),
          most_uncounted_(most_uncounted) {}

    /// The tag was never seen before.
    void introduce(name_number tag) { totals_.introduce(tag); }
    /// What is counted of it, by what was written.
    group of_tag(name_number tag) const;
    std::vector<group> of_tags(const std::vector<name_number>& tags) const;  // in their order
    group_totals& totals() { return totals_; }

    /// The job has one task more.
    void grown(name_number job);
    /// A row is listed as `after` now and was as `before`, and events did this to it.
    void move(const listing& before, const listing& after, const tag_effects& effects);
    void count(const std::vector<name_number>& tags, const tag_effects& effects);
    /// A row that is listed so, and still is on its lists, is there no more.
    void let_go(const listing& was);

    /// The first max_tags_of_job tags that the job has, in order of their numbers, then other_tags
    /// if there are more: what all of its tags count together, without those.
    using visitor = std::function<void(name_number tag, const state_counts& counts)>;
    void each_of_job(name_number job, const visitor& see) const;

private:
    void add_to_tags(const std::vector<name_number>& tags, const group& change);
    using counts_by_tag = std::vector<std::pair<name_number, state_counts>>;  // in their order

    void move_in_job(const listing& before, const listing& after, bool stays);
    void move_in_job(name_number job, const std::vector<name_number>& tags,
                     const state_counts& moved);
    void add_to_job(name_number job, const std::vector<name_number>& tags,
                    const state_counts& counts);
    bool has_counters(name_number job) const;
    counts_by_tag count_lists(name_number job) const;
    void each_counter(name_number job, const visitor& see) const;
    void each_counted(name_number job, const visitor& see) const;

    store::kv& state_;
    job_counters& jobs_;
    task_lists& lists_;
    group_totals totals_;
    const std::uint32_t most_uncounted_;
};

}  // namespace kwq::tracker
