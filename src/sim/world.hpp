// world: what everybody in a simulation shares: time, chance, what is planned, what goes wrong, and
// the record of it all. All chance comes from one generator, so a seed is a history.
#pragma once

#include "base/random.hpp"
#include "sim/agenda.hpp"
#include "sim/coverage.hpp"
#include "sim/faults.hpp"
#include "sim/history.hpp"
#include "sim/simulated_clock.hpp"

#include <string>
#include <string_view>

namespace kwq::sim {

struct world {
    world(std::uint64_t seed, coverage& c, bool recording)
        : random(seed), counts(c), past(time, recording) {}

    simulated_clock time;
    seeded_random random;
    agenda plans;
    coverage& counts;
    history past;
    faults may_go_wrong;
    bool calm = false;  // no faults any more: everything must come to rest

    mono_time now() const { return time.monotonic(); }
    void after(milliseconds delay, agenda::deed what) {
        plans.plan(now() + delay, std::move(what));
    }
    std::uint64_t below(std::uint64_t bound) { return random.below(bound); }
    bool chance(std::uint32_t of_1000) { return of_1000 > 0 && random.below(1000) < of_1000; }
    milliseconds up_to(milliseconds most) {
        return milliseconds{
            static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most.count()) + 1))};
    }

    /// Does this fault strike here and now?
    bool strikes(fault f) {
        if (calm || !chance(may_go_wrong.*f)) {
            return false;
        }
        count(f);
        return true;
    }
    void count(fault f) { counts.fault_struck(f); }

    [[noreturn]] static void broken(const std::string& what) { throw violation(what); }
    static void demand(bool holds, std::string_view what) {
        if (!holds) {
            broken(std::string(what));
        }
    }
};

}  // namespace kwq::sim
