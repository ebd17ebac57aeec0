// simulation: one world from one seed. Everybody acts and everything goes wrong for a number of
// steps; then faults stop, what was paused goes on, and within a bound of simulated time everything
// must have come to rest: no task open, no lease out, and every count the same as a naive recount,
// also of states built again from nothing.
#pragma once

#include "sim/front.hpp"
#include "sim/host.hpp"
#include "sim/network.hpp"
#include "sim/producers.hpp"
#include "sim/steering.hpp"
#include "sim/strangers.hpp"
#include "sim/task_maker.hpp"
#include "sim/workers.hpp"
#include "sim/world.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace kwq::sim {

struct run_options {
    std::uint64_t seed = 1;
    std::uint64_t steps = 5'000;  // with faults; then it comes to rest
    std::optional<faults> only;   // instead of what the seed draws
    bool recording = false;       // keeps the newest lines of the history
    bool print_all = false;       // prints every line
};

struct run_result {
    std::uint64_t events = 0;
    milliseconds simulated{0};
    std::uint64_t hash = 0;
    std::string violation;           // empty: none
    std::deque<std::string> newest;  // lines, if recorded
};

/// Adds what it saw to `counts`.
run_result run_seed(const run_options& o, coverage& counts);

class simulation {
public:
    simulation(const run_options& o, world& w);
    void run();

private:
    void step();
    void begin();
    void come_to_rest();
    bool is_at_rest();
    std::string what_is_open() const;
    std::string core_says(const model::record& where) const;
    void check_end();

    const run_options options_;
    world& world_;
    host host_;
    network net_;
    front front_;
    task_maker maker_;
    producers producers_;
    workers workers_;
    steering steering_;
    strangers strangers_;
};

}  // namespace kwq::sim
