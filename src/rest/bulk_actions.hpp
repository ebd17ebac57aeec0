// bulk_actions: retry, cancel or another priority of every task that a filter finds, in the
// background. A whole job is retried or cancelled by one command, whatever the number of its tasks;
// anything else goes task by task, a page at a time and with a pause after each, so that handing
// out work is not disturbed.
//
// Only tasks that were there when it began are changed: what is submitted, or fails, later is new.
// So doing a part again, after a restart, changes nothing twice.
#pragma once

#include "model/error.hpp"
#include "rest/bulk_records.hpp"
#include "scheduler/scheduler.hpp"
#include "tracker/tracker.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kwq::rest {

struct context;

struct bulk_wish {
    bulk_verb verb = bulk_verb::retry;
    model::priority priority{0};  // reprioritise
    tracker::task_filter filter;
    bool dry_run = false;
    tracker::positions after;
};

/// Everything happens on the context's loop; calls come from any thread.
class bulk_actions {
public:
    using answer = std::function<void(model::result<bulk_view>)>;

    explicit bulk_actions(context& c, const std::string& directory);
    ~bulk_actions();
    bulk_actions(const bulk_actions&) = delete;
    bulk_actions& operator=(const bulk_actions&) = delete;

    /// Goes on with what a restart interrupted. Once the loop runs.
    void resume();
    /// Answers once it is counted and has begun. errc::bad_field when the verb can change no task
    /// of the filter's states; errc::too_many_requests while too many run.
    void start(bulk_wish wish, answer done);
    /// Answers once it has ended or `wait` is over; errc::job_unknown when there is none.
    void look(const std::string& id, milliseconds wait, answer done);
    void list(std::function<void(std::vector<bulk_view>)> done);
    /// What is done stays done.
    void cancel(const std::string& id, answer done);
    /// The server stops: whoever waits is answered. What runs goes on after the next start.
    void release();
    /// Under way now. Any thread.
    std::size_t active() const { return active_; }

private:
    struct run;  // one of them
    using run_ptr = std::shared_ptr<run>;

    run_ptr add(bulk_view v);
    void begin(const run_ptr& r);
    void command(const run_ptr& r);
    void next_page(const run_ptr& r);
    void take_page(const run_ptr& r, const model::result<tracker::task_page>& page);
    void change(const run_ptr& r, const tracker::task_view& t);
    void reprioritise(const run_ptr& r, const tracker::task_view& t);
    void changed(const run_ptr& r, const std::string& id,
                 const std::optional<model::error>& refused);
    void page_done(const run_ptr& r);
    void again_later(const run_ptr& r, milliseconds delay);
    void end(const run_ptr& r, bulk_state state, const std::string& reason = {});
    void wait_for(const run_ptr& r, milliseconds wait, answer done);

    context& context_;
    const bulk_records records_;
    std::map<std::string, run_ptr> all_;
    std::vector<std::string> order_;  // oldest first, for forgetting
    std::atomic<std::size_t> active_{0};
};

/// The states that the verb can change, within those of the filter; none when there are none.
std::optional<tracker::state_set> changeable_states(bulk_verb verb,
                                                    const tracker::state_set& wanted);

}  // namespace kwq::rest
