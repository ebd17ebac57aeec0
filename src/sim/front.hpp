// front: what the REST layer does between a request and the log, done here the same way; and every
// answer is held against the promises before it leaves.
#pragma once

#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/promises.hpp"
#include "sim/world.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kwq::sim {

/// A poll's client may go while it waits: what its answer and its going must agree on.
struct poll_link {
    process* at = nullptr;
    scheduler::poll_ticket ticket = 0;
    bool gone = false;
};

class front {
public:
    front(promises& p, const eventlog::topic_names& topics) : promises_(p), topics_(topics) {}

    /// Durable before it is answered; where each task is. A task that was refused has no position.
    void submit(process& p, const std::vector<model::task>& tasks,
                const answer<std::vector<std::optional<model::record>>>& done);
    void poll(process& p, const scheduler::poll_request& r, const std::shared_ptr<poll_link>& link,
              const answer<scheduler::poll_answer>& done);
    void report(process& p, const scheduler::lease_report& r,
                const answer<scheduler::settle_status>& done);
    void heartbeat(process& p, const std::vector<scheduler::heartbeat>& beats, mono_time asked_at,
                   const answer<std::vector<scheduler::heartbeat_answer>>& done);
    void cancel(process& p, const model::record& where, const answer<model::offset>& done);
    void retry(process& p, const model::record& where, const answer<model::offset>& done);
    void reprioritise(process& p, const model::record& where, model::priority to,
                      const answer<scheduler::reprioritised>& done);
    void control(process& p, const model::control_body& what,
                 const answer<scheduler::command_receipt>& done);

private:
    struct round;
    void append_group(process& p, const model::record& lane, std::vector<std::size_t> members,
                      const std::shared_ptr<round>& r);
    void check_answer(const scheduler::poll_request& asked, const scheduler::poll_answer& a);

    promises& promises_;
    const eventlog::topic_names& topics_;
    std::uint64_t tries_ = 0;
};

}  // namespace kwq::sim
