// lease_book: when each live lease runs out, in the owner's memory only. Heartbeats renew here and
// cost no record; after a change of owner every live lease gets one full fresh period.
#pragma once

#include "base/clock.hpp"
#include "model/ids.hpp"
#include "model/lifecycle.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kwq::scheduler {

class lease_book {
public:
    /// A lease began, or is found at `t` by a new owner.
    void open(const model::record& place, const model::task_limits& limits, milliseconds t);
    void close(const model::record& place);
    void clear();
    /// Puts the deadline to t + lease.
    void renew(const model::record& place, milliseconds t);

    struct ending {
        model::record place;
        bool timed_out = false;  // timeout_s rather than the lease
    };
    /// Leases over at `t` that have not been reported so before; at most `limit`.
    std::vector<ending> take_ended(milliseconds t, std::size_t limit);
    std::optional<milliseconds> next_end() const;
    /// Its end has been taken, and whether it comes to pass is not known yet.
    bool is_ending(const model::record& place) const;
    /// When it ends unless renewed; nothing when not open.
    std::optional<milliseconds> deadline(const model::record& place) const;
    /// An end that was taken did not come to pass: it counts again.
    void reopen(const model::record& place, milliseconds t);

    /// Should this progress be written? At most every 5 s and only when it changed.
    bool note_progress(const model::record& place, std::uint64_t hash, milliseconds t);

    std::size_t size() const { return open_.size(); }

private:
    using end_order = std::set<std::pair<milliseconds, model::record>>;
    struct entry {
        milliseconds lease{0};
        milliseconds expires{0};
        std::optional<milliseconds> times_out;
        std::uint64_t progress_hash = 0;
        std::optional<milliseconds> progress_at;
        end_order::iterator in_order{};  // end(): its end has been taken
        milliseconds ends() const;
    };
    void schedule(const model::record& place, entry& e);
    void unschedule(entry& e);

    std::unordered_map<model::record, entry> open_;
    end_order ends_;
};

}  // namespace kwq::scheduler
