#include "sim/coverage.hpp"

#include <array>
#include <string_view>

namespace kwq::sim {

namespace {

/// In the order of model::event_body.
constexpr std::array<std::string_view, std::variant_size_v<model::event_body>> type_names{
    "claim",    "cursor",       "allocated",     "parked",    "parked ranges",
    "ready",    "ready ranges", "lease_expired", "cancelled", "duplicate",
    "rejected", "control",      "followed",      "moved",     "horizon",
    "running",  "progress",     "complete",      "error",     "released"};

std::size_t index(std::size_t type, std::size_t place, std::size_t reason) {
    return (type * 9 + place) * 12 + reason;
}

}  // namespace

coverage::coverage() : events_(types * places * reasons), faults_(all_faults().size()) {}

void coverage::event(const model::event& e, model::place before, model::void_reason verdict) {
    ++events_[index(e.body.index(), static_cast<std::size_t>(before),
                    static_cast<std::size_t>(verdict))];
}

void coverage::fault_struck(fault f, std::uint64_t times) {
    const auto all = all_faults();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].field == f) {
            faults_[i] += times;
        }
    }
}

std::vector<coverage::row> coverage::rows() const {
    std::vector<row> out;
    for (std::size_t type = 0; type < types; ++type) {
        for (std::size_t before = 0; before < places; ++before) {
            for (std::size_t reason = 0; reason < reasons; ++reason) {
                if (const auto n = events_[index(type, before, reason)]; n > 0) {
                    out.push_back(
                        {std::string(type_names[type]) + " from " +
                             std::string(to_string(static_cast<model::place>(before))) + ": " +
                             std::string(to_string(static_cast<model::void_reason>(reason))),
                         n});
                }
            }
        }
    }
    const auto all = all_faults();
    for (std::size_t i = 0; i < all.size(); ++i) {
        out.push_back({"fault: " + std::string(all[i].name), faults_[i]});
    }
    for (const auto& [what, n] : other_) {
        out.push_back({what, n});
    }
    return out;
}

void coverage::add(const coverage& more) {
    for (std::size_t i = 0; i < events_.size(); ++i) {
        events_[i] += more.events_[i];
    }
    for (std::size_t i = 0; i < faults_.size(); ++i) {
        faults_[i] += more.faults_[i];
    }
    for (const auto& [what, n] : more.other_) {
        other_[what] += n;
    }
}

}  // namespace kwq::sim
