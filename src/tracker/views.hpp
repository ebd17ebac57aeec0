// views: what the tracker answers, as plain values.
#pragma once

#include "base/clock.hpp"
#include "base/recent_rate.hpp"
#include "eventlog/event_log.hpp"
#include "model/lifecycle.hpp"
#include "model/task.hpp"
#include "observe/metrics.hpp"
#include "tracker/error_detail.hpp"
#include "tracker/error_text.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::tracker {

struct attempt_view {
    std::uint32_t attempt = 1;
    model::worker_name worker;
    instant allocated_at{0};
    std::optional<instant> running_at;
    std::optional<instant> ended_at;
    model::outcome ended = model::outcome::none;  // none: still out
    bool timed_out = false;
    std::string error;  // message of an error, why a lease was lost
};

struct task_view {
    model::task_id id;
    model::shard_id shard{0};
    model::record place;
    model::priority moved_to{0};  // served at that priority, no more at its record's
    model::job_name job;
    std::vector<model::tag_name> tags;
    model::task_state state = model::task_state::pending;
    std::string cancel_reason;  // cancelled: requested, expired, job_cancelled, queue_emptied,
                                // duplicate, rejected
    instant submitted_at{0};
    std::optional<instant> scheduled_for;  // scheduled: when it will be ready
    std::optional<instant> allocated_at;   // of the last attempt
    std::optional<instant> running_at;
    std::optional<instant> ended_at;  // complete, error, cancelled
    std::uint32_t attempt = 0;        // hand-outs so far
    std::uint32_t spent = 0;          // that count against max_attempts
    model::task_limits limits;
    std::vector<attempt_view> attempts;  // the newest 100, oldest first
    std::string result_json;             // complete, empty when none
    std::string progress_json;           // of the live or last attempt
    std::string last_error;
    error_fingerprint error_group;          // in state error
    model::worker_name worker;              // of the last attempt
    std::int64_t ahead = 0;                 // pending, one task: how many come first, about
    std::optional<model::priority> behind;  // the most urgent of them, if above its own
    bool paused = false;                    // filled by the caller that knows the gates

    model::priority priority() const {
        return moved_to == model::priority{0} ? place.priority : moved_to;
    }
};

/// How many tasks are in each state now; index by model::task_state.
using state_counts = std::array<std::int64_t, model::task_state_count>;

/// A distribution of durations, in seconds.
struct distribution {
    std::uint64_t count = 0;
    double mean_s = 0, p50_s = 0, p95_s = 0, p99_s = 0, max_s = 0;
};

/// What is known of a set of tasks: a job, a tag, a queue's priority, everything.
struct group_view {
    std::string name;  // job, tag, or empty
    state_counts counts{};
    std::int64_t submitted = 0;  // ever
    std::int64_t retries = 0;
    std::int64_t duplicates = 0;
    std::int64_t rejected = 0;
    std::optional<instant> first_at;           // first submit
    std::optional<instant> last_at;            // last change
    distribution wait;                         // ready (or submitted) to allocated
    distribution run;                          // allocated to its end, attempts that completed
    std::int64_t settling = 0;                 // rows a sweep has still to correct (tags, lists)
    recent_rate finished;                      // complete and error, lately
    std::optional<instant> oldest_pending_at;  // submitted_at of the oldest one waiting
    bool following = false;  // job only: follow-ups of a completion are still to be submitted
    std::vector<std::pair<std::string, state_counts>> tags;  // job only: its tags, largest first
};

struct queue_view {
    model::queue_name queue;
    model::priority priority;
    state_counts counts{};
    std::optional<instant> oldest_pending_at;  // submitted_at of the oldest one waiting, estimated
                                               // from the lowest pending offset
};

// ---- what happened when
// ---------------------------------------------------------------------------

/// What windows count. `error`: attempts that failed for good; `retries`: those that did not.
enum class window_count : std::uint8_t {
    submitted,
    allocated,
    running,
    complete,
    error,
    retries,
    cancelled,
};
inline constexpr std::size_t window_count_kinds = 7;
std::string_view to_string(window_count what);

struct resolution {
    std::int64_t step_s;
    std::int64_t kept_s;
};
inline constexpr std::array<resolution, 3> resolutions{
    {{1, 900}, {10, 86'400}, {300, 30LL * 86'400}}};

struct window_view {
    instant end;
    std::array<std::int64_t, window_count_kinds> counts{};
    distribution wait;  // of what was allocated
    distribution run;   // of what completed
};

// ---- errors -------------------------------------------------------------------------------------

struct error_sums {
    std::int64_t count = 0;  // failures ever
    std::int64_t tasks = 0;  // in state error now
    instant first_at{0};
    instant last_at{0};
    friend bool operator==(const error_sums&, const error_sums&) = default;
};

struct error_view {
    error_fingerprint error;
    error_sums sums;
    error_detail detail;
    std::vector<std::pair<std::string, std::int64_t>> jobs;  // with most failures, at most ten
};

struct error_page {
    std::vector<error_view> items;
    std::string next_cursor;
};

// ---- pages --------------------------------------------------------------------------------------

/// One byte a task, see state_map.
struct state_map_view {
    std::string cells;
    std::uint32_t total = 0;  // tasks of the job, those that are gone too
};

struct task_page {
    std::vector<task_view> items;  // without attempts
    std::string next_cursor;       // empty: the end
};

struct group_page {
    std::vector<group_view> items;
    std::string next_cursor;
};

/// Why events cannot be taken from the log yet: watermarks.hpp.
enum class trim_stage : std::uint8_t { tasks, ids, copies, free };
std::string_view to_string(trim_stage s);

/// The log as the last round of trimming left it.
struct log_view {
    struct part {
        eventlog::topic_partition where;
        model::offset first;
        model::offset end;
        std::optional<trim_stage> waits_for;  // of kwq-status
    };
    std::vector<part> partitions;  // of tasks and events, those that ever held something
    std::uint64_t failed = 0;
};

struct tracker_stats {
    std::uint64_t events = 0, void_events = 0, undecodable_events = 0, task_records = 0;
    std::int64_t lag = 0;  // records not folded yet, all partitions together
    group_view overall;
    observe::histogram_snapshot wait, run;  // of it, for /metrics
    log_view log;                           // nothing when the log is not trimmed
};

}  // namespace kwq::tracker
