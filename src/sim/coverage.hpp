// coverage: how often each thing that can happen did: events by verdict, edges of the lifecycle,
// faults. A zero in it means that a promise was not tested.
#pragma once

#include "model/event.hpp"
#include "model/lifecycle.hpp"
#include "sim/faults.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kwq::sim {

class coverage {
public:
    coverage();

    void event(const model::event& e, model::place before, model::void_reason verdict);
    void fault_struck(fault f, std::uint64_t times = 1);
    /// Anything else worth a row: answers told, checks made.
    void happened(const char* what, std::uint64_t times = 1) { other_[what] += times; }

    void add(const coverage& more);

    struct row {
        std::string name;
        std::uint64_t count = 0;
    };
    /// Every row there can be, also those with a count of 0.
    std::vector<row> rows() const;

private:
    static constexpr std::size_t types = std::variant_size_v<model::event_body>;
    static constexpr std::size_t places = 9;
    static constexpr std::size_t reasons = 12;

    /// By type of event, place before it, and verdict.
    std::vector<std::uint64_t> events_;
    std::vector<std::uint64_t> faults_;
    std::map<std::string, std::uint64_t> other_;
};

}  // namespace kwq::sim
