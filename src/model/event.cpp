#include "model/event.hpp"

#include <type_traits>

namespace kwq::model {

namespace {

template <class T, class... Us>
constexpr bool is_any_of = (std::is_same_v<T, Us> || ...);

template <class E>
constexpr bool has_place =
    is_any_of<E, allocated, parked, ready, lease_expired, cancelled, duplicate, rejected, moved,
              running, progress, complete, task_error, released>;
template <class E>
constexpr bool is_lease_event = is_any_of<E, running, progress, complete, task_error, released>;

struct name_of_type {
    std::string_view operator()(const claim&) const { return "claim"; }
    std::string_view operator()(const cursor&) const { return "cursor"; }
    std::string_view operator()(const allocated&) const { return "allocated"; }
    std::string_view operator()(const parked&) const { return "parked"; }
    std::string_view operator()(const parked_ranges&) const { return "parked"; }
    std::string_view operator()(const ready&) const { return "ready"; }
    std::string_view operator()(const ready_ranges&) const { return "ready"; }
    std::string_view operator()(const lease_expired&) const { return "lease_expired"; }
    std::string_view operator()(const cancelled&) const { return "cancelled"; }
    std::string_view operator()(const duplicate&) const { return "duplicate"; }
    std::string_view operator()(const rejected&) const { return "rejected"; }
    std::string_view operator()(const control&) const { return "control"; }
    std::string_view operator()(const followed&) const { return "followed"; }
    std::string_view operator()(const moved&) const { return "moved"; }
    std::string_view operator()(const horizon&) const { return "horizon"; }
    std::string_view operator()(const running&) const { return "running"; }
    std::string_view operator()(const progress&) const { return "progress"; }
    std::string_view operator()(const complete&) const { return "complete"; }
    std::string_view operator()(const task_error&) const { return "error"; }
    std::string_view operator()(const released&) const { return "released"; }
};

}  // namespace

event_body::event_body() = default;
event_body::event_body(const event_body& other) = default;
event_body::event_body(event_body&& other) noexcept = default;
event_body& event_body::operator=(const event_body& other) = default;
event_body& event_body::operator=(event_body&& other) noexcept = default;
event_body::~event_body() = default;

bool operator==(const event_body& a, const event_body& b) {
    return static_cast<const event_alternatives&>(a) == static_cast<const event_alternatives&>(b);
}

std::string_view type_name(const event_body& body) {
    return std::visit(name_of_type{}, body);
}

const record* place_of(const event_body& body) {
    return std::visit(
        [](const auto& e) -> const record* {
            if constexpr (has_place<std::decay_t<decltype(e)>>) {
                return &e.place;
            } else {
                return nullptr;
            }
        },
        body);
}

const task_id* id_of(const event_body& body) {
    return std::visit(
        [](const auto& e) -> const task_id* {
            using type = std::decay_t<decltype(e)>;
            if constexpr (has_place<type> && !std::is_same_v<type, rejected>) {
                return &e.id;
            } else {
                return nullptr;
            }
        },
        body);
}

const lease_token* lease_of(const event_body& body) {
    return std::visit(
        [](const auto& e) -> const lease_token* {
            if constexpr (is_lease_event<std::decay_t<decltype(e)>>) {
                return &e.lease;
            } else {
                return nullptr;
            }
        },
        body);
}

const task_intro* intro_of(const event_body& body) {
    return std::visit(
        [](const auto& e) -> const task_intro* {
            if constexpr (is_any_of<std::decay_t<decltype(e)>, allocated, parked, cancelled,
                                    moved>) {
                return e.intro ? &*e.intro : nullptr;
            } else {
                return nullptr;
            }
        },
        body);
}

bool is_owner_event(const event_body& body) {
    return lease_of(body) == nullptr;
}

std::string_view to_string(dispatch_state s) {
    switch (s) {
        case dispatch_state::running: return "running";
        case dispatch_state::paused: return "paused";
        case dispatch_state::draining: return "draining";
        case dispatch_state::stopped: return "stopped";
    }
    return "?";
}

std::optional<dispatch_state> parse_dispatch_state(std::string_view text) {
    for (const auto s : {dispatch_state::running, dispatch_state::paused, dispatch_state::draining,
                         dispatch_state::stopped}) {
        if (text == to_string(s)) {
            return s;
        }
    }
    return std::nullopt;
}

}  // namespace kwq::model
