// simulation: N tasks of D seconds for W workers, through the same submit, lease and settle as
// anybody's work. Its tasks are a job of their own in a queue of their own, `sim`, so it touches no
// other task and no other worker touches its own. One runs at a time.
#pragma once

#include "model/error.hpp"
#include "rest/intake.hpp"
#include "scheduler/scheduler.hpp"
#include "tracker/tracker.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kwq::rest {

struct context;

struct simulation_wish {
    std::uint32_t tasks = 100;
    std::uint32_t workers = 10;
    milliseconds duration{0};
    std::int32_t priorities = 5;
};

struct simulation_view {
    std::string id;  // and its job
    simulation_wish wish;
    std::string state = "submitting";  // running, complete, failed, stopped
    std::string reason;                // failed
    std::uint64_t submitted = 0;
    std::uint64_t completed = 0;
    instant started_at;
    std::optional<instant> ended_at;
};

/// Everything happens on the context's loop; calls come from any thread.
class simulations {
public:
    using answer = std::function<void(model::result<simulation_view>)>;

    explicit simulations(context& c) : context_(c) {}
    ~simulations();

    /// Answers once it has begun, or once it has ended if that is within `wait`.
    /// errc::too_many_requests while another one runs.
    void start(const simulation_wish& wish, milliseconds wait, answer done);
    /// Answers once it has ended or `wait` is over; errc::job_unknown when there is none.
    void look(const std::string& id, milliseconds wait, answer done);
    void stop();

private:
    struct run;  // one simulation
    using run_ptr = std::shared_ptr<run>;

    void prepare(const run_ptr& r);
    void submit_some(const run_ptr& r);
    void on_placed(const run_ptr& r, const std::vector<placed_task>& placed);
    void begin_work(const run_ptr& r);
    void poll(const run_ptr& r, std::uint32_t worker);
    void complete(const run_ptr& r, std::uint32_t worker, model::lease_token lease);
    void work(const run_ptr& r, std::uint32_t worker, const scheduler::poll_answer& a);
    void take(const run_ptr& r, std::uint32_t worker, const scheduler::granted_lease& l);
    void check_end(const run_ptr& r);
    void end(run_ptr r, const std::string& state, const std::string& reason);
    void wait_for(const run_ptr& r, milliseconds wait, answer done);

    context& context_;
    std::map<std::string, run_ptr> all_;
    std::vector<std::string> order_;  // oldest first, for forgetting
    run_ptr current_;
    bool stopped_ = false;
};

}  // namespace kwq::rest
