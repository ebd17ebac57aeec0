// workers: take leases, say that they run, send heartbeats, report how it ended, and repeat every
// report until there is a definite answer. Some stall, some die, some confuse their leases.
#pragma once

#include "sim/front.hpp"
#include "sim/network.hpp"
#include "sim/task_maker.hpp"
#include "sim/world.hpp"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kwq::sim {

class workers;

class worker {
public:
    worker(workers& all, model::worker_name name, std::size_t capacity);
    void begin();

private:
    struct held {
        std::string token;
        model::task_id id;
        milliseconds lease{0};
        bool stalled = false;
    };

    void poll();
    void heard_poll(const std::vector<scheduler::lease_report>& settled,
                    const std::optional<model::result<scheduler::poll_answer>>& r);
    void start_run(const scheduler::granted_lease& l);
    milliseconds beat_interval(milliseconds lease);
    void beat(const std::string& token);
    void finish(const std::string& token);
    void report(const scheduler::lease_report& r, int tries);
    void confuse();
    scheduler::report_kind some_outcome(const model::task_id& id);

    workers& all_;
    const model::worker_name name_;
    const std::size_t capacity_;
    std::vector<model::queue_name> queues_;
    std::map<std::string, held> held_;
    std::vector<scheduler::lease_report> to_settle_;  // with the next poll
    bool dead_ = false;
};

class workers {
public:
    workers(world& w, network& net, front& to, task_maker& maker, naive_model& model)
        : world_(w), net_(net), front_(to), maker_(maker), model_(model) {}

    void begin(std::size_t count);
    /// A few healthy ones more: whatever happened to the others, the work gets done.
    void send_help();

private:
    friend class worker;
    void hire();
    void remember(const std::string& token);

    world& world_;
    network& net_;
    front& front_;
    task_maker& maker_;
    naive_model& model_;
    std::vector<std::unique_ptr<worker>> all_;
    std::deque<std::string> told_;  // leases that somebody has or had
};

}  // namespace kwq::sim
