// strangers: whoever else can write to the log, and writes what no server of ours would: decisions
// of an epoch that is over, decisions of this one that cannot be right, reports past the server,
// bytes that mean nothing.
#pragma once

#include "eventlog/event_log.hpp"
#include "eventlog/topics.hpp"
#include "sim/naive_model.hpp"
#include "sim/world.hpp"

namespace kwq::sim {

class strangers {
public:
    strangers(world& w, naive_model& model, eventlog::event_log& log,
              const eventlog::topic_names& topics)
        : world_(w), model_(model), log_(log), topics_(topics) {}

    void begin();

private:
    void act();
    void decide_of_old();
    void decide_wrongly();
    void expire_too_early(const model::owner_stamp& stamp);
    void report();
    void append_garbage();
    void append(model::event_body body, std::optional<model::owner_stamp> stamp);
    const std::pair<const model::record, naive_task>* some_task() const;

    world& world_;
    naive_model& model_;
    eventlog::event_log& log_;
    const eventlog::topic_names& topics_;
};

}  // namespace kwq::sim
