#include "sim/coverage.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace kwq::sim {

namespace {

/// In the order of model::event_body.
constexpr std::array<std::string_view, std::variant_size_v<model::event_alternatives>> type_names{
    "claim",    "cursor",       "allocated",     "parked",    "parked ranges",
    "ready",    "ready ranges", "lease_expired", "cancelled", "duplicate",
    "rejected", "control",      "followed",      "moved",     "horizon",
    "running",  "progress",     "complete",      "error",     "released"};

struct edge {
    std::string_view type;
    model::place from;
};

/// Every event that can count, and every place it can find its task in. Events of the partition
/// stand as from `ahead`.
constexpr edge edges[] = {
    {"claim", model::place::ahead},          {"cursor", model::place::ahead},
    {"parked ranges", model::place::ahead},  {"ready ranges", model::place::ahead},
    {"control", model::place::ahead},        {"followed", model::place::ahead},
    {"horizon", model::place::ahead},        {"allocated", model::place::ahead},
    {"allocated", model::place::pending},    {"parked", model::place::ahead},
    {"ready", model::place::scheduled},      {"ready", model::place::dead},
    {"lease_expired", model::place::leased}, {"cancelled", model::place::ahead},
    {"cancelled", model::place::scheduled},  {"cancelled", model::place::pending},
    {"cancelled", model::place::leased},     {"duplicate", model::place::ahead},
    {"moved", model::place::ahead},          {"moved", model::place::scheduled},
    {"moved", model::place::pending},        {"rejected", model::place::ahead},
    {"running", model::place::leased},       {"progress", model::place::leased},
    {"complete", model::place::leased},      {"error", model::place::leased},
    {"released", model::place::leased}};

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

std::uint64_t coverage::accepted(std::size_t type, model::place before) const {
    return events_[index(type, static_cast<std::size_t>(before), 0)];
}

void coverage::add_edges(std::vector<row>& out) const {
    for (std::size_t type = 0; type < types; ++type) {
        for (std::size_t before = 0; before < places; ++before) {
            const auto from = static_cast<model::place>(before);
            const auto n = accepted(type, from);
            const bool must = std::any_of(std::begin(edges), std::end(edges), [&](const edge& e) {
                return e.type == type_names[type] && e.from == from;
            });
            if (must || n > 0) {
                out.push_back(
                    {std::string(type_names[type]) + " from " + std::string(to_string(from)), n,
                     must});
            }
        }
    }
}

void coverage::add_voids(std::vector<row>& out) const {
    for (std::size_t reason = 1; reason < reasons; ++reason) {
        const std::string why(to_string(static_cast<model::void_reason>(reason)));
        std::uint64_t of_all = 0;
        for (std::size_t type = 0; type < types; ++type) {
            std::uint64_t n = 0;
            for (std::size_t before = 0; before < places; ++before) {
                n += events_[index(type, before, reason)];
            }
            of_all += n;
            if (n > 0) {
                out.push_back({std::string(type_names[type]) + " void: " + why, n, false});
            }
        }
        out.push_back({"any event void: " + why, of_all});
    }
}

std::vector<coverage::row> coverage::rows() const {
    std::vector<row> out;
    add_edges(out);
    add_voids(out);
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
