// tag_counters: what is counted of tags, and of the tags within a job. A task with five tags is in
// ten such groups, so they are not brought up to date with each event, but when its row is written
// and put on its lists: between two commits most tasks see several events. Tags count the state
// that a row is listed under.
#pragma once

#include "store/kv.hpp"
#include "tracker/groups.hpp"
#include "tracker/rows.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace kwq::tracker {

inline constexpr std::uint32_t max_tags_of_job = 1'000;
/// Stands for the tags of a job beyond max_tags_of_job.
inline constexpr name_number other_tags = 0xffffffff;

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

    /// In order of their numbers, other_tags last. What was not written yet is written first.
    using visitor = std::function<void(name_number tag, const state_counts& counts)>;
    void each_of_job(name_number job, const visitor& see);

    void write_changed();  // into the state's batch
    void forget_some();    // after the commit, when many are held
    void forget_all();

private:
    struct held {
        state_counts counts{};
        bool changed = false;
    };
    using job_and_tag = std::uint64_t;

    void move_in_job(name_number job, name_number tag, const listing& as, std::int64_t by);
    held& of(name_number job, name_number tag);
    job_and_tag key_for(name_number job, name_number tag);
    using names = std::unordered_set<name_number>;
    const names& named_in(name_number full_job);
    held* find(job_and_tag key);

    store::kv& state_;
    group_store& groups_;
    std::unordered_map<job_and_tag, held> held_;
    std::vector<job_and_tag> changed_;
    std::unordered_map<name_number, names> full_;  // jobs with max_tags_of_job: those tags
};

}  // namespace kwq::tracker
