// series: what happened when: windows of one second for 15 minutes, of ten seconds for a day, of
// five minutes for 30 days, for each queue and for all together. An event counts in the windows of
// the time it carries, however late it is read, as long as those are kept; so the windows of a log
// that is folded again are the same. Windows in which nothing happened are not stored.
//
// Events are added up in memory by the second and go into the stored windows once a commit.
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"
#include "store/kv.hpp"
#include "tracker/histogram.hpp"
#include "tracker/views.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::tracker {

struct window {
    std::array<std::int64_t, window_count_kinds> counts{};
    histogram wait;
    histogram run;

    std::int64_t& operator[](window_count what) {
        return counts.at(static_cast<std::size_t>(what));
    }
    void merge(const window& other);
    friend bool operator==(const window&, const window&) = default;
};

class series {
public:
    explicit series(store::kv& state) : state_(state) { reload(); }
    void reload();

    /// The window of the second of `at`, to be added to. Holds until write().
    window& at(const model::queue_name& queue, instant at);

    /// Into the state's batch. Windows that are not kept any more at `now` are left out, and some
    /// of those stored are erased.
    void write(instant now);

    /// Windows that end after `from` and begin before `to`, oldest first, those without a key left
    /// to the caller. `queue` empty: all together.
    std::map<std::int64_t, window> read(const series_question& q) const;

private:
    using second = std::int64_t;

    void add_to_stored(std::size_t resolution, std::string_view queue, second at,
                       const window& what);
    void prune(instant now);

    store::kv& state_;
    std::map<std::pair<second, model::queue_name>, window> pending_;
    window* newest_ = nullptr;  // events come in runs
    std::pair<second, model::queue_name> newest_key_;
    std::set<std::string> queues_;                  // that have windows; the empty one is all
    std::map<std::string, std::string> pruned_to_;  // prefix of a resolution and queue -> a key
    second pruned_at_ = 0;
};

}  // namespace kwq::tracker
