// groups: the counters of a set of tasks (everything, a job, a tag, a queue's priority) and where
// they are kept. Groups that were touched since the last commit are in memory, and as many others
// as are worth it; the rest is loaded when asked for, so a million tags cost disk, not memory.
#pragma once

#include "base/recent_rate.hpp"
#include "store/kv.hpp"
#include "tracker/discards.hpp"
#include "tracker/histogram.hpp"
#include "tracker/keys.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kwq::tracker {

/// A job's tasks in one topic partition: what a command moves at once.
struct job_cell {
    model::shard_id shard;
    model::queue_name queue;
    model::priority priority;  // of the topic
    model::priority level;     // that they are served at
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
    std::vector<job_cell> cells;  // jobs only
    std::uint32_t ordinals = 0;   // jobs only: places given in its state map
    bool tags_counted = false;    // jobs only: its tags have counters (tag_counters.hpp)
    recent_rate finished;
    friend bool operator==(const group&, const group&) = default;

    void submitted_at(instant at);  // first_at and last_at
    void changed_at(instant at);    // last_at
};

std::string write_group(const group& g);
group read_group(std::string_view bytes);
group_view view_of(const group& g);
void add_counts(state_counts& to, const state_counts& what);

/// How many groups are in memory at most.
struct group_limits {
    std::size_t held = 250'000;    // some 500 bytes each
    std::size_t packed = 500'000;  // as they are stored: some 200 bytes each
};

class group_store {
public:
    explicit group_store(store::kv& state, const group_limits& limits = {})
        : state_(state), limits_(limits) {}

    /// To change it; made when there is none. The reference holds until commit().
    group& change(const std::string& key);
    /// To read it; empty when there is none. The pointer holds until the next call.
    const group* find(const std::string& key);
    /// Reads those that are not in memory side by side, for find() soon.
    void read(const std::vector<std::string>& keys);

    /// Into the state's batch; `seen` is told each.
    using visitor = std::function<void(std::string_view key, const group& g)>;
    void write_changed(const visitor& seen = {});
    void forget_some();  // after the commit, when many are held
    void forget_all();

private:
    struct held {
        group value;
        bool changed = false;
    };
    using groups = std::unordered_map<std::string, held>;
    using packed_groups = std::unordered_map<std::string, std::string>;
    const std::string* packed_in_memory(const std::string& key) const;  // null: it is not
    std::optional<std::string> packed(const std::string& key);
    groups::value_type* load(const std::string& key);
    groups::value_type& emplace(const std::string& key);

    store::kv& state_;
    const group_limits limits_;
    groups held_;                          // touched lately
    groups older_;                         // touched before that
    packed_groups packed_, older_packed_;  // the same of their bytes, written lately
    std::vector<groups::value_type*> changed_;
    discards discards_;
};

}  // namespace kwq::tracker
