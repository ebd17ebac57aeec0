// sides: the two sides of a load, who submits and who takes and completes, and the loop that lets
// them work over one pool of connections.
#pragma once

#include "bench/load_plan.hpp"
#include "bench/load_pool.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace kwq::bench {

inline constexpr std::string_view submit_target = "/kwq/v1/tasks";
inline constexpr std::string_view take_target = "/kwq/v1/leases";
/// Whoever settles without taking asks here: a queue that nobody defines has no work.
inline constexpr std::string_view no_queue = "kwq-bench-settles-only";

/// The connections of a pool that a side has for itself.
struct connection_range {
    std::size_t first = 0;
    std::size_t count = 0;
};

/// What is to be submitted, when, and what became of it.
class producers {
public:
    /// `plan` and `pool` must outlive it.
    producers(const load_plan& plan, load_pool& pool, connection_range mine);

    bool owns(std::size_t connection) const;
    bool done() const { return next_ >= plan_.tasks && idle_.size() == due_of_.size(); }
    std::size_t accepted() const { return accepted_; }
    void send_due();
    load_clock::time_point next_due() const;
    void on_answer(const load_answer& a, measurement& into);
    percentiles times() { return times_.look(); }

private:
    struct sent_batch {
        load_clock::time_point due;
        std::size_t tasks = 0;
    };
    load_clock::time_point due_at(std::size_t task) const;

    const load_plan& plan_;
    load_pool& pool_;
    const connection_range mine_;
    const load_clock::time_point began_;
    std::vector<sent_batch> due_of_;
    std::deque<std::size_t> idle_;
    std::size_t next_ = 0;
    std::size_t accepted_ = 0;
    durations times_;
};

/// Each connection is a worker that settles what it holds and takes more.
class workers {
public:
    /// `plan` and `pool` must outlive it.
    workers(const load_plan& plan, load_pool& pool, connection_range mine);

    void start();
    /// More is still being submitted: the time to give up has not begun.
    void be_patient() { found_ = load_clock::now(); }
    /// So many are to be completed: fewer than planned when submits were refused.
    void expect(std::size_t tasks) { wanted_ = tasks; }
    /// All that are wanted are complete, or none was to be found for as long as the plan waits.
    bool done() const { return completed_ >= wanted_ || asking_ == 0; }
    /// No request is out, so that no lease is.
    bool idle() const { return asking_ == 0; }
    std::size_t completed() const { return completed_; }
    void on_answer(const load_answer& a, measurement& into);
    percentiles times() { return times_.look(); }

private:
    void ask(std::size_t worker);

    const load_plan& plan_;
    load_pool& pool_;
    const connection_range mine_;
    std::vector<std::vector<std::string>> held_;
    load_clock::time_point found_;  // when somebody last got a lease
    std::size_t wanted_;
    std::size_t asking_ = 0;  // workers with a request out
    std::size_t taken_ = 0;
    std::size_t completed_ = 0;
    durations times_;
};

/// The server said that it would not now: too much load, or no room.
bool is_refusal(int status);
/// Throws load_failure when `until` has passed.
void check_time(load_clock::time_point until, const char* doing);
double seconds_since(load_clock::time_point began);

/// Lets the sides work, where they are not null, until both are done.
measurement drive(const load_plan& plan, load_pool& pool, producers* p, workers* w);
/// Then: what was taken beyond what was wanted is settled too, and nothing more is taken.
void drain(const load_plan& plan, load_pool& pool, workers& w);

}  // namespace kwq::bench
