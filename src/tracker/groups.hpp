// groups: the counters of a set of tasks: everything, a job, a tag, a queue's priority. Those of
// everything and of queues are few and kept here; of jobs and tags there may be millions
// (job_counters.hpp, tag_counters.hpp).
#pragma once

#include "base/recent_rate.hpp"
#include "store/kv.hpp"
#include "tracker/histogram.hpp"
#include "tracker/keys.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kwq::tracker {

/// A job's tasks in one topic partition: what a command moves at once.
struct job_cell {
    name_number lane = no_name;  // the topic partition
    model::priority level{0};    // that they are served at
    state_counts counts{};
    friend bool operator==(const job_cell&, const job_cell&) = default;
};

struct group {
    state_counts counts{};
    std::int64_t submitted = 0;
    std::int64_t retries = 0;
    std::int64_t duplicates = 0;
    std::int64_t rejected = 0;
    std::optional<instant> first_at;
    std::optional<instant> last_at;
    histogram wait;
    histogram run;
    std::vector<job_cell> cells;  // jobs only; by lane, then level
    std::uint32_t ordinals = 0;   // jobs only: places given in its state map
    bool tags_counted = false;    // jobs only: its tags have counters (tag_counters.hpp)
    recent_rate finished;
    friend bool operator==(const group&, const group&) = default;

    void submitted_at(instant at);  // first_at and last_at
    void changed_at(instant at);    // last_at
};

group_view view_of(const group& g);
void add_counts(state_counts& to, const state_counts& what);

class group_store {
public:
    explicit group_store(store::kv& state) : state_(state) {}

    /// To change it; made when there is none. The reference holds until forget_all().
    group& change(const std::string& key);
    /// To read it; null when there is none.
    const group* find(const std::string& key);

    void write_changed();  // into the state's batch
    void forget_all();

private:
    struct held {
        group value;
        bool changed = false;
    };
    using groups = std::unordered_map<std::string, held>;
    groups::value_type* load(const std::string& key);

    store::kv& state_;
    groups held_;
    std::vector<groups::value_type*> changed_;
};

}  // namespace kwq::tracker
