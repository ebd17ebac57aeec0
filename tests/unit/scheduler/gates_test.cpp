#include "scheduler/gates.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace std::chrono_literals;
using model::gate;
using model::gate_scope;

namespace {

const instant now{1'000'000};
const model::queue_name q{"default"};

gate pause_queue(std::optional<instant> until = {}) {
    gate g;
    g.scope = gate_scope::queue;
    g.queue = q;
    g.paused = true;
    g.until = until;
    return g;
}

}  // namespace

TEST_CASE("the last value of a scope wins") {
    scheduler::gates gates;
    auto g = pause_queue();
    gates.apply(g);
    CHECK(gates.queue_paused(q, now) != nullptr);
    g.paused = false;
    gates.apply(g);
    CHECK(gates.queue_paused(q, now) == nullptr);
    CHECK(gates.in_force(now).empty());
}

TEST_CASE("a pause with an end ends by itself") {
    scheduler::gates gates;
    gates.apply(pause_queue(now + 10s));
    CHECK(gates.next_change(now) == now + 10s);
    CHECK(gates.queue_paused(q, now + 9s) != nullptr);
    CHECK(gates.queue_paused(q, now + 10s) == nullptr);
    CHECK_FALSE(gates.next_change(now + 10s));
}

TEST_CASE("scopes are apart from each other") {
    scheduler::gates gates;
    gate g;
    g.scope = gate_scope::job;
    g.job = model::job_name{"a"};
    g.paused = true;
    gates.apply(g);
    CHECK(gates.job_paused(model::job_name{"a"}, now));
    CHECK_FALSE(gates.job_paused(model::job_name{"b"}, now));
    CHECK_FALSE(gates.all_paused(now));
    g = {};
    g.scope = gate_scope::priority;
    g.queue = q;
    g.priority = model::priority{9};
    g.paused = true;
    gates.apply(g);
    CHECK(gates.priority_paused(q, model::priority{9}, now));
    CHECK_FALSE(gates.priority_paused(q, model::priority{8}, now));
    CHECK(gates.queue_paused(q, now) == nullptr);
}

TEST_CASE("the kill switch goes back to running when its time is over") {
    scheduler::gates gates;
    CHECK(gates.dispatch(now).state == model::dispatch_state::running);
    gates.apply(model::dispatch{model::dispatch_state::stopped, now + 5s, "maintenance"});
    CHECK(gates.dispatch(now).state == model::dispatch_state::stopped);
    CHECK(gates.dispatch(now + 5s).state == model::dispatch_state::running);
}
