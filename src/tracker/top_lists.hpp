// top_lists: the jobs and tags that come first when they are sorted by something else than their
// names. Each list holds the max_listed largest values that were above nothing; a name whose value
// fell off the end comes back when it changes again. Last change and number submitted only grow, so
// those two lists are exact; the other two are as long as no more than max_listed names have any.
#pragma once

#include "store/kv.hpp"
#include "tracker/filter.hpp"
#include "tracker/groups.hpp"
#include "tracker/keys.hpp"

#include <array>
#include <cstdint>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kwq::tracker {

/// What jobs and tags are sorted by: running, errors, last change (s), submitted.
using sort_values = std::array<std::int64_t, 4>;
inline constexpr std::size_t by_last = 2;
sort_values values_of(const group& g);

class top_lists {
public:
    static constexpr std::size_t max_listed = 2'000;

    explicit top_lists(store::kv& state) : state_(state) { reload(); }
    void reload();

    /// What this job or tag is sorted by changed. Written into the state's batch with the next
    /// write_changed().
    void update(name_kind kind, name_number n, const sort_values& values);
    void write_changed();

    /// Names by falling value; not for sorting by name.
    std::vector<std::pair<std::int64_t, name_number>> best(name_kind kind, sorting by) const;

private:
    struct placed {
        std::int64_t value = 0;
        std::uint32_t slot = 0;
    };
    /// In the state a list is as many rows as it ever had names, each of a slot: names come and go
    /// all the time, and a row that went would be in the way of a start until it is compacted.
    struct list {
        std::unordered_map<name_number, placed> values;
        std::set<std::pair<std::int64_t, name_number>> order;
        std::vector<name_number> slots;  // no_name: free
        std::vector<std::uint32_t> free;
        std::set<std::uint32_t> changed;  // slots
    };
    static constexpr std::size_t lists_a_kind = std::tuple_size_v<sort_values>;

    list& of(name_kind kind, std::size_t by) {
        return lists_.at((kind == name_kind::job ? 0 : lists_a_kind) + by);
    }
    static void put(list& in, name_number n, std::int64_t value);
    static void add(list& in, name_number n, std::int64_t value);
    static void remove(list& in, name_number n);

    store::kv& state_;
    std::array<list, 2 * lists_a_kind> lists_;  // of jobs, then of tags
};

}  // namespace kwq::tracker
