// scheduler: what the rest of the process may ask of it. One object for all shards of this
// instance; each shard lives on its own thread, and every call here posts to it and returns.
//
// Callbacks run on a shard's thread: they must not block, and post on. Each is called exactly once,
// also while stopping (errc::stopping). An answer that says yes is given only after its event was
// read back and accepted, and, except for allocations, is durable.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "eventlog/event_log.hpp"
#include "eventlog/topics.hpp"
#include "model/error.hpp"
#include "model/event.hpp"
#include "model/lifecycle.hpp"
#include "model/task.hpp"
#include "observe/logger.hpp"
#include "scheduler/overview.hpp"
#include "scheduler/seams.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kwq::scheduler {

using model::result;

template <class T>
using callback = std::function<void(T)>;

// ---- taking work --------------------------------------------------------------------------------

struct report_running {};
struct report_complete {
    std::string result_json;
    std::vector<model::task> then;  // ids may be empty: derived from parent and index
};
struct report_error {
    std::string message;
    bool retry = true;
};
struct report_release {
    milliseconds delay{0};
};
using report_kind = std::variant<report_running, report_complete, report_error, report_release>;

struct lease_report {
    model::lease_token lease;
    report_kind what;
};

/// `accepted`: it is in the log, and counts if the lease is live there; nobody has said so yet.
enum class settle_status : std::uint8_t { ok, already, lease_lost, conflict, unknown, accepted };
std::string_view to_string(settle_status s);

struct settled {
    model::lease_token lease;
    settle_status status = settle_status::ok;
};

/// What a worker should do next, besides its work.
enum class directive : std::uint8_t { run, drain, stop };
std::string_view to_string(directive d);

struct poll_request {
    model::worker_name worker;
    std::vector<model::queue_name> queues;  // in order of preference; the first with work wins
    std::uint32_t max = 1;                  // 1..1000
    milliseconds wait{0};                   // 0..30 s
    std::vector<std::string> affinity;
    std::vector<lease_report> settle;  // done first; refused ones do not block the take
    bool passed_on = false;            // by another instance: what is not here is not looked for
};

struct granted_lease {
    model::lease_token lease;
    instant deadline;  // wall clock; extended by heartbeats
    std::uint32_t attempt = 1;
    std::shared_ptr<const model::stored_task> task;
};

struct poll_answer {
    std::vector<granted_lease> leases;
    std::vector<settled> settled;
    scheduler::directive directive = directive::run;
    std::string elsewhere;  // without leases: the url of an instance that has more urgent work
};

/// Names a poll that waits, so that it can be abandoned.
using poll_ticket = std::uint64_t;

struct heartbeat {
    model::lease_token lease;
    std::string progress_json;  // empty: none; at most 4 KiB
    bool passed_on = false;     // by another instance
};
enum class lease_directive : std::uint8_t { proceed, cancel };  // JSON: "continue", "cancel"
struct heartbeat_answer {
    model::lease_token lease;
    bool live = false;  // false: lease_lost, stop working on it
    instant deadline;
    lease_directive directive = lease_directive::proceed;
    bool known = true;  // false: nobody can tell right now, ask again
};

// ---- steering -----------------------------------------------------------------------------------

/// One task, found by the caller.
struct task_place {
    model::shard_id shard;
    model::record place;
    model::task_id id;
    bool passed_on = false;  // by another instance
};

/// Of a task that was asked to be served at another priority.
struct reprioritised {
    bool moved = false;    // false: it was there already
    model::offset at{-1};  // where in the status partition; -1 when another instance did it
};

struct command_receipt {
    model::offset control_offset;  // in kwq-control: `after=` for the tracker
    std::uint64_t affected = 0;    // what the caller's counters said would be, filled by it
};

struct scheduler_config {
    std::string directory;        // of the state; empty: in memory
    std::string owner = "kwq";    // who, in claims
    std::int32_t partitions = 1;  // of every topic but kwq-control; as many shards
    bool owns_all = true;         // claims every shard at start; else those that own() names
    std::size_t ready_buffer_bytes = 64U << 20U;
    std::size_t max_waiting_polls = 10'000;
    milliseconds horizon{7LL * 24 * 3'600 * 1'000};
    milliseconds max_wait{30'000};
    std::vector<model::queue_defined> queues;  // besides what kwq-control says
};

class scheduler {
public:
    virtual ~scheduler() = default;

    /// Opens the state, folds what it lacks, claims. Returns when decisions can be made. Throws
    /// std::runtime_error when that cannot be.
    virtual void start() = 0;
    /// Callers can reach this instance from now on: live leases get their fresh period from here,
    /// since until now nobody could renew them. No lease ends before it is called.
    virtual void serve() = 0;
    /// Hands out nothing more; waiting polls are answered empty with directive `stop`; reports
    /// still work. First step of a graceful end.
    virtual void stop_dispatch() = 0;
    /// Flushes and joins. No calls after it.
    virtual void stop() = 0;
    /// Reads to the end within the last second and may answer yes.
    virtual bool is_ready() const = 0;

    /// errc::queue_unknown only when every queue named is malformed; an unknown queue just has no
    /// work yet. errc::overloaded when too many polls wait.
    virtual poll_ticket poll(poll_request p, callback<result<poll_answer>> done) = 0;
    /// The client of a waiting poll has gone: it takes nothing, and what was being taken for it
    /// goes back unspent. `done` is still called (its answer goes nowhere).
    virtual void abandon(poll_ticket ticket) = 0;
    /// The answer did not reach the client: its leases go back at once, no attempt spent.
    virtual void give_back(std::vector<model::lease_token> leases) = 0;

    /// ok and already are 200; errc::lease_lost, errc::outcome_conflict, errc::outcome_unknown.
    virtual void report(lease_report r, callback<result<settle_status>> done) = 0;
    virtual void heartbeats(std::vector<heartbeat> beats,
                            callback<result<std::vector<heartbeat_answer>>> done) = 0;
    virtual void leases_of(model::worker_name worker, callback<std::vector<lease_info>> done) = 0;
    virtual void workers(callback<std::vector<worker_info>> done) = 0;

    /// errc::already_terminal, errc::not_retriable, task_unknown when no record is at its place.
    /// The offset is -1 when it is another instance that did it.
    virtual void cancel_task(task_place task, callback<result<model::offset>> done) = 0;
    virtual void retry_task(task_place task, callback<result<model::offset>> done) = 0;
    /// From now on the task is served at this priority of its queue. errc::not_waiting when it is
    /// leased or has ended, task_unknown, bad_field for a priority that the queue has not.
    virtual void reprioritise_task(task_place task, model::priority to,
                                   callback<result<reprioritised>> done) = 0;

    /// pause and resume, commands, the kill switch, new queues: appended to kwq-control; answered
    /// when durable and seen by every shard of this instance.
    virtual void set_gate(model::gate g, callback<result<command_receipt>> done) = 0;
    virtual void set_dispatch(model::dispatch d, callback<result<command_receipt>> done) = 0;
    virtual void give_command(model::command c, callback<result<command_receipt>> done) = 0;
    virtual void define_queue(model::queue_defined q, callback<result<command_receipt>> done) = 0;

    virtual void dispatch(callback<dispatch_info> done) = 0;
    virtual void queues(callback<std::vector<queue_info>> done) = 0;
    virtual void gates(callback<std::vector<model::gate>> done) = 0;  // pauses in force
    virtual void stats(callback<scheduler_stats> done) = 0;
    virtual void shards(callback<std::vector<shard_info>> done) = 0;  // by number

    /// Does the log answer? Whoever is out of touch with it decides nothing that counts. Any
    /// thread, answers at once.
    virtual bool is_in_touch() const { return true; }
    /// What this instance could hand out right now. Any thread, answers at once.
    virtual ready_levels ready_tasks() const = 0;
    /// Priorities of a queue, or nothing when it is unknown. Any thread, answers at once.
    virtual std::optional<std::int32_t> priorities_of(const model::queue_name& queue) const = 0;
    /// Which shard an id belongs to. Any thread.
    virtual model::shard_id shard_of(const model::task_id& id) const = 0;
};

struct scheduler_dependencies {
    eventlog::event_log& log;
    const eventlog::topic_names& topics;
    const clock& time;
    random_source& random;  // one call at a time
    observe::logger& logger;
    std::function<void(std::string)> fatal;  // an I/O error: the process must end. Any thread
    /// A queue exists: called once for each, at start and later, on the shard's thread. May be
    /// empty.
    std::function<void(model::queue_name, std::int32_t priorities)> queue_added;
    seams simulator{};
};

std::unique_ptr<scheduler> make_scheduler(const scheduler_config& config,
                                          const scheduler_dependencies& deps);

}  // namespace kwq::scheduler
