// runner: the tracker's one thread. Reads every partition of the log, feeds the fold, commits, and
// answers questions between records. Each turn is bounded, so that a question waits milliseconds
// however much there is to fold.
//
// Order: fold, then wait until all that was folded is durable in the log, then commit state and
// offsets together. So the state never knows of what a power cut may take from the log.
#pragma once

#include "base/run_loop.hpp"
#include "tracker/fold.hpp"
#include "tracker/log_trimmer.hpp"
#include "tracker/queries.hpp"
#include "tracker/retention.hpp"
#include "tracker/sources.hpp"
#include "tracker/tracker.hpp"
#include "tracker/waiters.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <optional>

namespace kwq::tracker {

class runner final : public tracker {
public:
    runner(const tracker_config& config, const tracker_dependencies& deps);
    ~runner() override;

    void start() override;
    void stop() override;
    bool is_ready() const override { return ready_; }

    void task(model::task_id id, positions after, callback<task_view> done) override;
    void task_until_terminal(model::task_id id, positions after, milliseconds wait,
                             callback<task_view> done) override;
    void tasks(task_filter f, positions after, callback<task_page> done) override;
    void jobs(name_page_query q, positions after, callback<group_page> done) override;
    void job(job_question q, positions after, callback<group_view> done) override;
    void job_until_idle(job_question q, positions after, milliseconds wait,
                        callback<group_view> done) override;
    void tags(name_page_query q, positions after, callback<group_page> done) override;
    void tag(model::tag_name tag, positions after, callback<group_view> done) override;
    void errors(error_query q, positions after, callback<error_page> done) override;
    void error(error_fingerprint group, positions after, callback<error_view> done) override;
    void windows(series_question q, positions after,
                 callback<std::vector<window_view>> done) override;
    void state_map(state_map_question q, positions after, callback<state_map_view> done) override;
    void task_at(model::job_name job, std::uint32_t index, positions after,
                 callback<task_view> done) override;
    void queues(positions after, callback<std::vector<queue_view>> done) override;
    void stats(positions after, callback<tracker_stats> done) override;
    void queue_added(model::queue_name queue, std::int32_t priorities) override;

private:
    // the tracker's thread
    std::optional<mono_time> turn();
    std::size_t fold_some();
    void fold_record(source& s);
    void fold_task(const source& s, const eventlog::log_record& r);
    void fold_event(const source& s, const eventlog::log_record& r);
    void note_uncommitted();
    void note_what_questions_erased();
    void commit_when_due();
    bool may_forget() const;
    bool was_put_off_for_long(mono_time due) const;
    void forget_some_ended();
    void commit();
    void rest_state_when_idle();
    bool trims() const;
    void trim_some();
    bool must_commit() const;
    bool asked_lately() const;
    bool is_asked() const { return asked_.load(std::memory_order_relaxed) > 0; }
    void serve();
    void stay_answerable();
    std::optional<mono_time> wake_at(bool more) const;
    std::optional<mono_time> rest(bool has_folded, bool more);
    void open_state();
    void rebuild_if_needed();
    void fail(const std::string& why);
    void close();

    /// Runs `answer` on the tracker's thread once `after` is folded, or answers why not; a second
    /// time, when it finds nothing, once all is folded that was in the log before.
    template <class T>
    void ask(positions after, callback<T> done, std::function<void(callback<T>)> answer);
    template <class T>
    void answer_after(positions after, const callback<T>& done,
                      const std::function<void(callback<T>)>& answer);
    template <class T>
    void wait_until(milliseconds wait, waiters::for_change who, std::function<bool()> enough,
                    std::function<result<T>()> look, callback<T> done);

    // set once
    const tracker_config config_;
    const tracker_dependencies deps_;
    // the tracker's thread only
    std::unique_ptr<store::kv> state_;
    std::unique_ptr<tables> tables_;
    std::unique_ptr<fold> fold_;
    std::unique_ptr<queries> queries_;
    std::unique_ptr<retention> retention_;
    std::unique_ptr<log_trimmer> trimmer_;  // null: the log is not trimmed
    mono_time trim_at_{};                   // its next step
    bool trim_asked_ = false;
    mono_time forget_at_{};   // when the walk over what has ended goes on
    mono_time next_round_{};  // and when it may begin anew
    std::shared_ptr<std::atomic<std::int64_t>> horizon_;  // shared with compaction's threads
    std::int64_t next_horizon_ = 0;                       // of the commit under way
    std::unique_ptr<sources> sources_;
    waiters waiters_;
    std::map<model::queue_name, std::int32_t> defined_;
    std::uint64_t uncommitted_ = 0;  // records and swept rows
    bool written_ahead_ =
        false;  // rows and groups of the next commit; nothing is folded until then
    mono_time first_uncommitted_{};
    std::optional<mono_time> rests_at_;  // after the newest commit, unless there is another one
    std::optional<mono_time> asked_at_;  // the last time
    bool failed_ = false;
    bool closed_ = false;
    // any thread
    std::atomic<bool> ready_{false};
    std::atomic<int> asked_{0};  // questions that the thread has not looked at
    std::atomic<bool> woken_{false};
    std::atomic<bool> looks_soon_{false};  // by itself: need not be woken for records
    run_loop loop_;
};

}  // namespace kwq::tracker
