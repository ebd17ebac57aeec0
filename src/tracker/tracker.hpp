// tracker: live answers to "where is this task, how far is this job". A fold of its own over the
// same log, with its own state and thread; it never slows the dispatcher.
//
// Questions are asked from any thread and answered on the tracker's: callbacks must not block.
// `after`: wait until everything up to these positions is folded (at most 10 s, then
// errc::tracker_behind).
#pragma once

#include "base/clock.hpp"
#include "base/run_loop.hpp"
#include "eventlog/event_log.hpp"
#include "eventlog/topics.hpp"
#include "model/error.hpp"
#include "model/event.hpp"
#include "model/lifecycle.hpp"
#include "model/task.hpp"
#include "observe/logger.hpp"
#include "store/kv.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kwq::tracker {

using model::result;

template <class T>
using callback = std::function<void(result<T>)>;

// ---- answers ------------------------------------------------------------------------------------

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
    model::record place;
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
    model::worker_name worker;  // of the live lease
    bool paused = false;        // filled by the caller that knows the gates
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
    std::optional<instant> first_at;  // first submit
    std::optional<instant> last_at;   // last change
    distribution wait;                // ready (or submitted) to allocated
    distribution run;                 // allocated to its end, attempts that completed
    std::int64_t settling = 0;        // rows a sweep has still to correct (tags, lists)
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

// ---- questions ----------------------------------------------------------------------------------

struct task_filter {
    std::optional<model::job_name> job;
    std::optional<model::task_state> state;
    std::optional<model::tag_name> tag;
    std::optional<model::queue_name> queue;
    bool newest_first = true;
    std::uint32_t limit = 100;  // 1..1000
    std::string cursor;         // of the page before; errc::bad_cursor when it is of other filters
};
struct task_page {
    std::vector<task_view> items;  // without attempts
    std::string next_cursor;       // empty: the end
};

struct name_page_query {
    std::string prefix;
    std::uint32_t limit = 100;
    std::string cursor;
};
struct group_page {
    std::vector<group_view> items;
    std::string next_cursor;
};

struct tracker_stats {
    std::uint64_t events = 0, void_events = 0, undecodable_events = 0, task_records = 0;
    std::int64_t lag = 0;  // records not folded yet, all partitions together
    group_view overall;
};

struct tracker_config {
    std::string directory;  // of the state; empty: in memory
    std::size_t cache_bytes = 64U << 20U;
};

using positions = std::vector<model::position>;

class tracker {
public:
    virtual ~tracker() = default;

    virtual void start() = 0;  // throws std::runtime_error
    virtual void stop() = 0;
    virtual bool is_ready() const = 0;  // has caught up once

    virtual void task(model::task_id id, positions after, callback<task_view> done) = 0;
    /// Answers when the task has ended or `wait` is over, whichever comes first.
    virtual void task_until_terminal(model::task_id id, positions after, milliseconds wait,
                                     callback<task_view> done) = 0;
    virtual void tasks(task_filter f, positions after, callback<task_page> done) = 0;
    virtual void jobs(name_page_query q, positions after, callback<group_page> done) = 0;
    virtual void job(model::job_name job, positions after, callback<group_view> done) = 0;
    /// Answers when nothing of the job is scheduled, pending, allocated or running, or `wait` is
    /// over.
    virtual void job_until_idle(model::job_name job, positions after, milliseconds wait,
                                callback<group_view> done) = 0;
    virtual void tags(name_page_query q, positions after, callback<group_page> done) = 0;
    virtual void tag(model::tag_name tag, positions after, callback<group_view> done) = 0;
    virtual void queues(positions after, callback<std::vector<queue_view>> done) = 0;
    virtual void stats(positions after, callback<tracker_stats> done) = 0;
    /// A queue exists (from start or since): its topics are folded from now on. Any thread; again
    /// is harmless. Topics that the log does not have yet are looked for when this is called.
    virtual void queue_added(model::queue_name queue, std::int32_t priorities) = 0;
};

struct tracker_dependencies {
    eventlog::event_log& log;
    const eventlog::topic_names& topics;
    const clock& time;
    observe::logger& logger;
    std::function<void(std::string)> fatal;
    loop_driver* driver = nullptr;  // of a simulation; null: a thread of its own
    store::opener open_state{};     // of a simulation; empty: what the configuration says
};

std::unique_ptr<tracker> make_tracker(const tracker_config& config,
                                      const tracker_dependencies& deps);

}  // namespace kwq::tracker
