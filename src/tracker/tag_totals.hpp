// tag_totals: what each tag that was counted lately is sorted by, and which tags changed. All else
// that is counted of a tag grows in the state without being read (tag_counters).
#pragma once

#include "store/kv.hpp"
#include "tracker/top_lists.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace kwq::tracker {

class tag_totals {
public:
    /// At most so many tags are in memory, 40 bytes each; the rest is read when it is counted
    /// again.
    static constexpr std::size_t most_kept = 4U << 20U;

    explicit tag_totals(const store::kv& state, std::size_t most = most_kept)
        : state_(state), most_pages_(most / tags_a_page) {}

    /// The tag is new: the state has nothing of it.
    void introduce(name_number tag) { at(tag).is_known = true; }
    /// The state is about to be told of the change: what it has now is what was before.
    void add(name_number tag, const group& change);

    /// Each that changed since the last time, with what it is sorted by now.
    template <class Visit>
    void each_changed(const Visit& see) {
        for (const auto tag : changed_) {
            total& t = at(tag);
            t.is_changed = false;
            see(tag, t.values);
        }
        changed_.clear();
    }
    void forget_some();  // after a commit, when many are kept
    void forget_all();

private:
    struct total {
        sort_values values{};
        bool is_known = false;
        bool is_changed = false;
    };
    /// Tags have numbers in the order in which they came: those of one time are often counted
    /// together.
    static constexpr std::size_t tags_a_page = 256;
    struct page {
        std::array<total, tags_a_page> totals;
        bool was_used = true;
    };

    total& at(name_number tag);
    void read(name_number tag, total& t) const;

    const store::kv& state_;
    const std::size_t most_pages_;
    std::vector<std::unique_ptr<page>> pages_;  // by number
    std::size_t kept_pages_ = 0;
    std::vector<name_number> changed_;
};

}  // namespace kwq::tracker
