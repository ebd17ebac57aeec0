// callers: submitters and workers in one thread, each with one call under way at most. They call
// the log and the scheduler as the HTTP handlers do, and hear the answers as a client would.
#pragma once

#include "base/random.hpp"
#include "caller_books.hpp"
#include "eventlog/event_log.hpp"
#include "eventlog/topics.hpp"
#include "scheduler/scheduler.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace kwq::crash {

class callers {
public:
    struct services {
        eventlog::event_log& log;
        const eventlog::topic_names& topics;
        scheduler::scheduler& scheduler;
        const clock& time;
    };
    callers(const services& s, caller_books& books, std::uint64_t seed);

    /// Begin; from then on every answer brings the next call, until told to end.
    void start(int submitters, int workers);
    void submit_no_more() { submitting_ = false; }
    void take_no_more() { taking_ = false; }
    /// Workers complete whatever they get.
    void only_complete() { only_complete_ = true; }

    /// Hears answers until `done`; false when that takes too long or the disk has failed.
    bool run_until(const std::function<bool()>& done, milliseconds patience);
    /// Hears what was answered by now, and calls nobody any more.
    void hear_the_last();

    std::size_t submits_in_flight() const { return submits_; }
    std::size_t live_leases() const { return held_.size(); }
    /// Tasks whose error was acknowledged and whose back-off is not over.
    std::size_t waiting_retries() const;
    std::size_t calls_in_flight() const { return calls_; }
    std::uint64_t acknowledged() const { return acknowledged_; }
    std::vector<held_lease> held() const;
    /// For answers from elsewhere, on the callers' thread.
    void post(std::function<void()> what);
    void disk_has_failed();

private:
    struct settle {
        held_lease held;
        scheduler::report_kind what;
    };
    struct worker {
        std::string name;
        std::vector<held_lease> leases;  // to work on
        std::vector<settle> again;       // reports that may have happened
    };

    void submit();
    model::task new_task();
    void submitted(std::uint64_t proc, const std::vector<model::task>& tasks,
                   const eventlog::result<model::offset>& answer);
    void next(worker& w);
    void take(worker& w);
    void taken(worker& w, std::uint64_t proc, const std::vector<settle>& settles,
               const scheduler::result<scheduler::poll_answer>& answer);
    void report(worker& w, settle s);
    void reported(worker& w, std::uint64_t proc, const settle& s,
                  const scheduler::result<scheduler::settle_status>& answer);
    void settled(worker& w, const settle& s, answered how);
    scheduler::report_kind choose(const held_lease& held);

    const services services_;
    caller_books& books_;
    seeded_random random_;
    // the callers' thread
    std::vector<std::unique_ptr<worker>> workers_;
    std::map<model::lease_token, held_lease> held_;
    std::map<model::task_id, mono_time> retries_;
    std::size_t submits_ = 0;
    std::size_t calls_ = 0;
    std::uint64_t acknowledged_ = 0;
    bool submitting_ = true;
    bool taking_ = true;
    bool only_complete_ = false;
    // any thread, under mutex_
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::function<void()>> answers_;
    bool failed_ = false;
};

}  // namespace kwq::crash
