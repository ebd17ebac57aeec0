// tag_counters: what is counted of tags, and of the tags within a job. A task with five tags is in
// ten such groups, so they are not brought up to date with each event, but when its row is written
// and put on its lists: between two commits most tasks see several events. Tags count the state
// that a row is listed under.
//
// A job may have as many tags as tasks. What a tag counts within it grows without being read
// (store/merging.hpp): most of these counters are touched once and asked for never.
#pragma once

#include "store/kv.hpp"
#include "tracker/groups.hpp"
#include "tracker/rows.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace kwq::tracker {

inline constexpr std::uint32_t max_tags_of_job = 1'000;
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

class tag_counters {
public:
    tag_counters(store::kv& state, group_store& groups) : state_(state), groups_(groups) {}

    /// A row is listed as `after` now and was as `before`.
    void move(const listing& before, const listing& after);
    void count(const std::vector<name_number>& tags, const tag_effects& effects);

    /// The first max_tags_of_job tags that the job has, in order of their numbers, then other_tags
    /// if there are more: what all of its tags count together, without those.
    using visitor = std::function<void(name_number tag, const state_counts& counts)>;
    void each_of_job(name_number job, const visitor& see) const;

private:
    void move_in_job(name_number job, const std::vector<name_number>& tags,
                     const state_counts& moved);

    store::kv& state_;
    group_store& groups_;
};

}  // namespace kwq::tracker
