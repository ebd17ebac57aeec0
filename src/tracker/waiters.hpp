// waiters: questions that wait: for a position to be folded, then perhaps for a task to end or a
// job to be idle. The tracker's thread only.
#pragma once

#include "base/clock.hpp"
#include "tracker/fold.hpp"
#include "tracker/sources.hpp"
#include "tracker/tracker.hpp"

#include <functional>
#include <list>
#include <optional>

namespace kwq::tracker {

/// The longest that `after` waits.
inline constexpr milliseconds longest_after{10'000};

class waiters {
public:
    /// Runs `then` when all of `after` is folded; with errc::tracker_behind when it takes longer
    /// than longest_after, with errc::stopping when the tracker stops.
    struct for_positions {
        positions after;
        mono_time deadline;
        std::function<void(result<void>)> then;
    };
    void add(for_positions w);

    /// Asked again when the task or job may have changed, and a last time (`last`) at the
    /// deadline; says whether it has answered.
    enum class moment : std::uint8_t { changed, deadline, stopping };
    struct for_change {
        std::optional<model::task_id> task;
        std::optional<name_number> job;
        mono_time deadline;
        std::function<bool(moment)> attempt;
    };
    void add(for_change w);

    void serve(const sources& read, const fold_changes& changes, mono_time now);
    void stop();
    bool empty() const { return positions_.empty() && changes_.empty(); }
    bool want_changes() const { return !changes_.empty(); }
    std::optional<mono_time> next_deadline() const;

private:
    std::list<for_positions> positions_;
    std::list<for_change> changes_;
};

}  // namespace kwq::tracker
