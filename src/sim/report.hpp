// report: kwq-sim's command line and what it prints.
#pragma once

#include "sim/simulation.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kwq::sim {

struct arguments {
    std::uint64_t first_seed = 1;
    std::uint64_t seeds = 1;
    std::uint64_t steps = 5'000;
    std::optional<faults> only;
    std::string only_text;                // as it was given
    std::optional<std::uint64_t> demand;  // every row of the table at least this often
    bool verbose = false;
    bool hunt = false;  // prints how long the first violation took
};

/// Nothing when they cannot be understood: it has said so.
std::optional<arguments> read_arguments(int argc, char** argv);

/// 0: no violation, and the demand is met; 1 otherwise.
int run_seeds(const arguments& a);

}  // namespace kwq::sim
