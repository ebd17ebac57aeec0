// row_cache: the rows that changed since they were last written, as values. A task's record and its
// events mostly come close together: its row is then read, written and put on its lists once, not
// once for each of them.
#pragma once

#include "store/kv.hpp"
#include "tracker/row_counters.hpp"
#include "tracker/rows.hpp"

#include <cstddef>
#include <optional>
#include <unordered_map>

namespace kwq::tracker {

class row_cache {
public:
    explicit row_cache(store::kv& state) : state_(state) {}

    /// By value and without keeping it: for questions.
    std::optional<task_row> look(const row_place& place) const;
    /// For one who will change it: null when there is none. Holds until the next call.
    const task_row* find(const row_place& place);
    /// Its new value, and what lists knew of it before and shall know.
    const task_row& change(const row_place& place, task_row row);
    void relist(const counted& before, const counted& after);

    /// Brings the state up to what is kept here: before a commit, and before a scan of rows or
    /// lists.
    void write();
    /// After a commit, when many rows are kept.
    void forget_some();
    void forget_all();
    std::size_t changed_rows() const { return changed_.size(); }

private:
    struct entry {
        std::optional<task_row> row;
        bool is_stored = false;  // the state has the row
        bool is_changed = false;
        std::optional<counted> before;  // as the lists in the state have it
        counted after;
    };
    struct hash_of_place {
        std::size_t operator()(const row_place& p) const;
    };
    using entries = std::unordered_map<row_place, entry, hash_of_place>;

    entry& at(const row_place& place);
    void mark(entries::value_type& e);
    void write_lists(const counted& before, const counted& after);

    store::kv& state_;
    entries rows_;
    std::vector<entries::value_type*> changed_;
};

}  // namespace kwq::tracker
