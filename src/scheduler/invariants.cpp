#include "scheduler/invariants.hpp"

#include <map>

namespace kwq::scheduler {

using model::place;

std::optional<std::string> invariants::broken(const shard& s) {
    if (auto b = broken_leases(s)) {
        return b;
    }
    if (auto b = broken_buffer(s)) {
        return b;
    }
    return broken_polls(s);
}

std::optional<std::string> invariants::broken_leases(const shard& s) {
    for (const auto& [where, row] : s.state_.leases()) {
        if (row.facts.place != place::leased || row.facts.lease.value().empty()) {
            return to_string(where) + " is among the leases but not leased";
        }
        if (s.state_.find_lane(lane_of(where))->ahead.contains(where.offset)) {
            return to_string(where) + " is leased and still ahead";
        }
        if (row.facts.attempt == 0 || row.facts.spent >= row.facts.limits.max_attempts) {
            return to_string(where) + " is leased beyond its attempts";
        }
        if (s.owner_ && !s.lease_book_.deadline(where)) {
            return to_string(where) + " is leased without a timer";
        }
        const auto bound = s.state_.bound(row.id);
        if (!bound || *bound != where) {
            return to_string(where) + " is leased but its id is not bound to it";
        }
    }
    if (s.owner_ && s.lease_book_.size() != s.state_.leases().size()) {
        return std::string("there are timers without leases");
    }
    return std::nullopt;
}

std::optional<std::string> invariants::broken_buffer(const shard& s) {
    for (const auto& [where, r] : s.reserved_) {
        if (s.buffer_.contains(where)) {
            return to_string(where) + " is reserved and still in the read-ahead";
        }
        if (s.owner_ && s.in_flight_.empty()) {
            return to_string(where) + " is reserved though nothing is on its way";
        }
    }
    for (const auto& [queue, priorities] : s.queues_) {
        for (const auto p : priorities) {
            if (s.state_.find_lane({queue, p}) == nullptr) {
                return "queue " + queue.value() + " has a priority without a lane";
            }
        }
    }
    for (const auto& key : s.state_.lanes()) {
        const auto* lane = s.state_.find_lane(key);
        if (lane->returned < 0) {
            return "queue " + key.queue.value() + " has fewer than no ranges returned";
        }
        if (key.is_moved() && !lane->ahead.empty()) {
            return "queue " + key.queue.value() + " has a head where tasks were moved to";
        }
    }
    if (s.buffer_.bytes() > 0 && s.buffer_.tasks() == 0) {
        return std::string("the empty read-ahead takes memory");
    }
    return std::nullopt;
}

std::optional<std::string> invariants::broken_polls(const shard& s) {
    std::map<poll_ticket, std::size_t> reserved;
    for (const auto& [where, r] : s.reserved_) {
        if (r.ticket) {
            ++reserved[*r.ticket];
        }
    }
    for (const auto& [ticket, p] : s.polls_) {
        if (s.owner_ && p.reserved != reserved[ticket]) {
            return "poll " + std::to_string(ticket) + " counts " + std::to_string(p.reserved) +
                   " reservations, there are " + std::to_string(reserved[ticket]);
        }
        if (p.answer.leases.size() + p.reserved > p.request.max) {
            return "poll " + std::to_string(ticket) + " gets more than it asked for";
        }
        if (s.poll_deadlines_.count({p.deadline, ticket}) == 0) {
            return "poll " + std::to_string(ticket) + " waits without a deadline";
        }
    }
    if (s.poll_deadlines_.size() != s.polls_.size()) {
        return std::string("there are deadlines without polls");
    }
    return std::nullopt;
}

std::optional<std::string> invariants::broken_since(const shard& s) {
    const auto& partition = s.state_.partition();
    if (s.state_.applied_offset() < applied_ || partition.epoch < epoch_ ||
        partition.control_seen < control_) {
        return std::string("an offset went back");
    }
    applied_ = s.state_.applied_offset();
    epoch_ = partition.epoch;
    control_ = partition.control_seen;
    return broken(s);
}

}  // namespace kwq::scheduler
