// promises: every answer that leaves the server is held against the log, at once and for good. A
// yes must be there, be durable, and stay there whatever crashes; a no must never come to pass.
#pragma once

#include "eventlog/event_log.hpp"
#include "scheduler/scheduler.hpp"
#include "sim/naive_model.hpp"

#include <string>
#include <vector>

namespace kwq::sim {

class promises {
public:
    promises(world& w, const eventlog::topic_names& topics, eventlog::event_log& log,
             naive_model& model)
        : world_(w), topics_(topics), log_(log), model_(model) {}

    void told_submitted(const model::record& where, const std::string& mark);
    void told_refused(const std::string& mark) { model_.refuse_try(mark); }
    void told_lease(const scheduler::granted_lease& lease);
    void told_settled(const scheduler::lease_report& r, scheduler::settle_status status);
    void told_alive(const model::lease_token& lease, bool alive, mono_time asked_at);
    void told_changed(const model::record& where, model::offset at);
    void told_control(model::offset at);

    /// All that was told yes is still there.
    void still_hold() const;

private:
    struct promise {
        eventlog::topic_partition where;
        model::offset at;
        std::uint32_t crc = 0;
    };
    /// The record at this place is durable now; and must stay as it is.
    void promise_durable(const eventlog::topic_partition& where, model::offset at);
    eventlog::topic_partition status_log() const { return {topics_.status(), 0}; }

    world& world_;
    const eventlog::topic_names& topics_;
    eventlog::event_log& log_;
    naive_model& model_;
    std::vector<promise> promised_;
};

}  // namespace kwq::sim
