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
        bool must = true;  // of those that every long run must have; false: for information
    };
    /// Edges of the lifecycle, events by what became of them, faults, checks.
    std::vector<row> rows() const;

private:
    static constexpr std::size_t types = std::variant_size_v<model::event_alternatives>;
    static constexpr std::size_t places = 9;
    static constexpr std::size_t reasons = 12;

    std::uint64_t accepted(std::size_t type, model::place before) const;
    void add_edges(std::vector<row>& out) const;
    void add_voids(std::vector<row>& out) const;

    /// By type of event, place before it, and verdict.
    std::vector<std::uint64_t> events_;
    std::vector<std::uint64_t> faults_;
    std::map<std::string, std::uint64_t> other_;
};

}  // namespace kwq::sim
