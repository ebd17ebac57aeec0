// group_totals: what each job or tag that was counted lately is sorted by, and which changed. All
// else that is counted of it grows in the state without being read (store/tally.hpp).
#pragma once

#include "store/kv.hpp"
#include "tracker/top_lists.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace kwq::tracker {

class group_totals {
public:
    /// At most so many are in memory, 40 bytes each; the rest is read when it is counted again.
    static constexpr std::size_t most_kept = 4U << 20U;

    group_totals(const store::kv& state, name_kind kind, std::size_t most = most_kept)
        : state_(state), kind_(kind), most_pages_(most / names_a_page) {}

    struct total {
        sort_values values{};
        std::uint32_t ordinals = 0;     // jobs only, as in a group
        std::uint16_t last_queue = 0;   // jobs only: job_counters::queue_number()
        bool tags_counted : 1 = false;  // jobs only, as in a group
        bool is_known : 1 = false;
        bool is_changed : 1 = false;
    };

    /// The name is new: the state has nothing of it.
    void introduce(name_number n) { at(n).is_known = true; }
    /// What it is now. Holds until forget_some().
    total& of(name_number n);
    /// The state is about to be told of the change: what it has now is what was before.
    void add(name_number n, const group& change);

    /// Each that changed since the last time, with what it is sorted by now.
    template <class Visit>
    void each_changed(const Visit& see) {
        for (const auto n : changed_) {
            total& t = at(n);
            t.is_changed = false;
            see(n, t.values);
        }
        changed_.clear();
    }
    void forget_some();  // after a commit, when many are kept
    void forget_all();

private:
    /// Names have numbers in the order in which they came: those of one time are often counted
    /// together.
    static constexpr std::size_t names_a_page = 256;
    struct page {
        std::array<total, names_a_page> totals;
        bool was_used = true;
    };

    total& at(name_number n);
    void read(name_number n, total& t) const;

    const store::kv& state_;
    const name_kind kind_;
    const std::size_t most_pages_;
    std::vector<std::unique_ptr<page>> pages_;  // by number
    std::size_t kept_pages_ = 0;
    std::vector<name_number> changed_;
};

}  // namespace kwq::tracker
