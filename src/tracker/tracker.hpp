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
#include "observe/logger.hpp"
#include "store/kv.hpp"
#include "tracker/filter.hpp"
#include "tracker/views.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kwq::tracker {

using model::result;

template <class T>
using callback = std::function<void(result<T>)>;

/// How long tasks are kept once they ended; zero: for ever.
struct retention_times {
    milliseconds usual{0};
    std::map<model::job_name, milliseconds> by_job;
};

struct tracker_config {
    std::string directory;  // of the state; empty: in memory
    std::size_t cache_bytes = 40U << 20U;
    retention_times keep;                                  // tasks that ended
    milliseconds rejected_kept{7LL * 24 * 3'600 * 1'000};  // on a log that is trimmed
};

using positions = std::vector<model::position>;

/// Of more tags in a job the others are only counted together.
inline constexpr std::uint32_t max_tags_of_job = 1'000;

/// With its tags that have the most tasks, and the others as one.
struct job_question {
    model::job_name job;
    std::uint32_t most_tags = 0;
};

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
    virtual void job(job_question q, positions after, callback<group_view> done) = 0;
    /// Answers when nothing of the job is scheduled, pending, allocated or running, or `wait` is
    /// over.
    virtual void job_until_idle(job_question q, positions after, milliseconds wait,
                                callback<group_view> done) = 0;
    virtual void tags(name_page_query q, positions after, callback<group_page> done) = 0;
    virtual void tag(model::tag_name tag, positions after, callback<group_view> done) = 0;
    /// Failures by what their messages have in common; errc::job_unknown, errc::error_unknown.
    virtual void errors(error_query q, positions after, callback<error_page> done) = 0;
    virtual void error(error_fingerprint group, positions after, callback<error_view> done) = 0;
    virtual void windows(series_question q, positions after,
                         callback<std::vector<window_view>> done) = 0;
    /// A job's tasks in the order in which they were first seen, and one of them.
    virtual void state_map(state_map_question q, positions after,
                           callback<state_map_view> done) = 0;
    virtual void task_at(model::job_name job, std::uint32_t index, positions after,
                         callback<task_view> done) = 0;
    virtual void queues(positions after, callback<std::vector<queue_view>> done) = 0;
    virtual void stats(positions after, callback<tracker_stats> done) = 0;
    /// A queue exists (from start or since): its topics are folded from now on. Any thread; again
    /// is harmless. Topics that the log does not have yet are looked for when this is called.
    virtual void queue_added(model::queue_name queue, std::int32_t priorities) = 0;
};

/// Asks from where the others who read the log still need it; answers on any thread, once.
using log_needs_question =
    std::function<void(std::function<void(std::vector<eventlog::log_need>)>)>;

struct tracker_dependencies {
    eventlog::event_log& log;
    const eventlog::topic_names& topics;
    const clock& time;
    observe::logger& logger;
    std::function<void(std::string)> fatal;
    loop_driver* driver = nullptr;   // of a simulation; null: a thread of its own
    store::opener open_state{};      // of a simulation; empty: what the configuration says
    log_needs_question log_needs{};  // the tracker trims the log; empty: it does not
};

std::unique_ptr<tracker> make_tracker(const tracker_config& config,
                                      const tracker_dependencies& deps);

}  // namespace kwq::tracker
