// event: one record of kwq-status. What the log says happened; whether it counts is
// model/lifecycle's to say. The JSON form is codec/event_codec and docs/event-log.md.
#pragma once

#include "base/clock.hpp"
#include "model/event_kinds.hpp"

#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace kwq::model {

using event_alternatives =
    std::variant<claim, cursor, allocated, parked, parked_ranges, ready, ready_ranges,
                 lease_expired, cancelled, duplicate, rejected, control, followed, moved, horizon,
                 running, progress, complete, task_error, released>;

/// One of them. A class of its own only because a variant of twenty is copied, moved and destroyed
/// by code that the compiler would otherwise make again in each of a hundred sources.
struct event_body : event_alternatives {
    template <class Alternative>
    requires(!std::is_base_of_v<event_alternatives, std::remove_cvref_t<Alternative>> &&
             std::is_constructible_v<event_alternatives, Alternative>)
        // NOLINTNEXTLINE(bugprone-forwarding-reference-overload): the requirement keeps it apart
        event_body(Alternative&& one)  // implicit, as a variant's is
        : event_alternatives(std::forward<Alternative>(one)) {}
    event_body();  // a claim, to be overwritten
    event_body(const event_body& other);
    event_body(event_body&& other) noexcept;
    event_body& operator=(const event_body& other);
    event_body& operator=(event_body&& other) noexcept;
    ~event_body();

    friend bool operator==(const event_body& a, const event_body& b);
};

struct owner_stamp {
    offset epoch;
    milliseconds t{0};
    friend bool operator==(const owner_stamp&, const owner_stamp&) = default;
};

struct event {
    instant at;                        // wall clock of whoever appended it: for people
    std::optional<owner_stamp> owner;  // on every owner event but `claim`
    event_body body;
    friend bool operator==(const event&, const event&) = default;
};

/// An event and where it was read.
struct logged_event {
    model::offset offset;
    model::event event;
};

/// The `type` of the JSON form: "claim", "allocated", … (`parked_ranges` is also "parked").
std::string_view type_name(const event_body& body);
/// The task the event is about; null for events of the partition (claim, cursor, ranges, control…).
const record* place_of(const event_body& body);
const task_id* id_of(const event_body& body);
/// The lease a lease-class event stands on; null for owner events.
const lease_token* lease_of(const event_body& body);
/// Carries `task_intro`? Null when it does not, or may not.
const task_intro* intro_of(const event_body& body);
bool is_owner_event(const event_body& body);  // claim too

}  // namespace kwq::model
