// worker_loop: what a worker does next. It lives on the main thread; three other threads do nothing
// but block in one HTTP exchange each (take, report, heartbeat) and post the answer back here.
//
// A lease is held from the answer that brought it until the server has said what became of its
// report. Reports of finished tasks go out with the next take, in one round trip, when one is due;
// else, during a long poll or when nothing more is taken, by themselves. While the server is away,
// tasks run on and every report is repeated until there is an answer.
#pragma once

#include "base/random.hpp"
#include "base/run_loop.hpp"
#include "worker/lease_client.hpp"
#include "worker/reactor.hpp"
#include "worker/task_run.hpp"
#include "worker/worker.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kwq::worker {

struct loop_services {
    const clock& time;
    random_source& random;
    observe::logger& logger;
    std::ostream& task_log;
};

class worker_loop {
public:
    /// `config` is checked; `program` is where command[0] was found.
    worker_loop(worker_config config, std::string program, const loop_services& services);
    ~worker_loop();

    reactor& events() { return events_; }
    /// Runs until the end.
    worker_end run();
    /// The first call drains, the second one kills and releases. On the loop's thread.
    void on_signal();

private:
    struct held {
        held_lease lease;
        std::unique_ptr<task_run> run;  // null once it has ended
        std::optional<report> outcome;  // what is left to tell the server
        bool lost = false;              // nothing is left to tell
        bool telling = false;           // a report is on its way
        bool alone = false;             // not with a take: the server left it open last time
        bool say_running = true;
    };
    enum class mode : std::uint8_t { working, draining, killing };
    enum class taking : std::uint8_t { idle, quick, waiting, checking };

    // what to do next
    void think();
    void tick_runs(mono_time now);
    void take_if_due(mono_time now);
    void tell_if_due(mono_time now);
    void beat_if_due(mono_time now);
    void give_up_when_overdue(mono_time now);
    bool may_take() const;
    int free_slots() const;
    std::optional<mono_time> next_wake() const;
    std::optional<worker_end> end() const;

    // taking
    void send_take();
    void take_settlements(take_request& request);
    void on_taken(call_result<take_answer> answer, std::vector<std::string> told);
    void on_take_failed(const call_failure& failure, const std::vector<std::string>& told);
    void on_directive(const take_answer& answer);
    void start(held_lease lease);
    void refuse(held_lease lease);
    void check_whether_drained();
    void check_whether_stopped();
    void release_unknown_leases();

    // running and reporting
    void on_run_ended(const std::string& token, report outcome);
    void on_log_line(const std::string& id, std::string_view line);
    process_spec command_for(const held_lease& lease) const;
    void send_report(const std::string& token);
    void send_running(const std::string& token);
    void on_verdict(const std::string& token, verdict v);
    void count(const report& r);
    void send_beats();
    void on_beats(const call_result<std::vector<std::pair<std::string, beat>>>& answer);
    void lose(held& h, const char* why);
    milliseconds shortest_lease() const;
    mono_time after(milliseconds delay) const;
    mono_time after_backoff(int failures) const;

    // set once
    const bool own_name_;  // made here, so that nobody else has it
    const worker_config config_;
    const std::string program_;
    const loop_services services_;
    const std::vector<std::string> environment_;
    // this thread only
    reactor events_;
    std::map<std::string, held> held_;  // by token
    std::vector<std::unique_ptr<task_run>> done_runs_;
    mode mode_ = mode::working;
    taking taking_ = taking::idle;
    bool got_work_ = true;  // the last take did: the next one does not wait
    bool greeted_ = false;  // a take was answered
    std::optional<worker_end> ended_;
    mono_time take_after_{};
    std::optional<mono_time> waited_from_;  // set while a take waits, and until the next one
    int take_failures_ = 0;
    bool reporting_ = false;
    mono_time tell_after_{};
    int tell_failures_ = 0;
    bool beating_ = false;
    mono_time last_beat_{};
    mono_time beat_after_{};
    int beat_failures_ = 0;
    int drained_seen_ = 0;
    std::optional<mono_time> overdue_at_;
    std::uint64_t completed_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t released_ = 0;
    // each on its own thread
    lease_client take_client_;
    lease_client report_client_;
    lease_client beat_client_;
    run_loop taker_;
    run_loop reporter_;
    run_loop heart_;
};

}  // namespace kwq::worker
