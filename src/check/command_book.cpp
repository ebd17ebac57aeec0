#include "check/command_book.hpp"

#include <algorithm>

namespace kwq::check {

void command_book::add(model::offset at_offset, instant at, const model::control& c) {
    const bool of_queue = c.action == model::control_action::empty_queue;
    auto& list = of_queue ? by_queue_[c.queue] : by_job_[c.job];
    list.push_back({at_offset.value(), at, c});
}

void command_book::update(task_line& t, task_table& table) const {
    if (empty()) {
        return;
    }
    const lane& l = table.lane_of(t);
    const auto offset = static_cast<std::int64_t>(table.number_of(t) - l.begin);
    std::vector<const entry*> later;
    const auto gather = [&](const std::vector<entry>& list) {
        for (const auto& e : list) {
            if (e.offset > t.since) {
                later.push_back(&e);
            }
        }
    };
    if (const auto found = by_job_.find(table.jobs()[t.job]); found != by_job_.end()) {
        gather(found->second);
    }
    if (const auto found = by_queue_.find(l.queue); found != by_queue_.end()) {
        gather(found->second);
    }
    std::sort(later.begin(), later.end(),
              [](const entry* a, const entry* b) { return a->offset < b->offset; });
    for (const entry* e : later) {
        apply(*e, t, l, offset);
    }
}

void command_book::apply(const entry& e, task_line& t, const lane& l, std::int64_t offset) {
    if (e.what.action == model::control_action::retry_job) {
        if (t.where != whereabouts::dead) {
            return;
        }
        t.where = whereabouts::pending;
        t.spent = 0;
    } else {
        const bool leased = t.where == whereabouts::leased;
        const bool cancels_leased = e.what.action == model::control_action::cancel_job;
        const bool covered =
            std::any_of(e.what.ends.begin(), e.what.ends.end(), [&](const model::topic_end& end) {
                return end.queue == l.queue && end.priority == l.priority &&
                       offset < end.end.value();
            });
        // The ends are of the topics; a priority is emptied of what it serves.
        const bool meant =
            !e.what.priority ||
            e.what.priority->value() == (t.moved_to == 0 ? l.priority.value() : t.moved_to);
        if (has_ended(t.where) || (leased && !cancels_leased) || !covered || !meant) {
            return;
        }
        if (leased) {
            t.ended_lease = t.lease;
            t.ended = lease_end::cancelled;
            t.lease = 0;
            t.running = false;
        }
        t.where = whereabouts::cancelled;
        t.settled_at = e.at.value();
    }
    t.since = e.offset;
    t.by_command = true;
}

}  // namespace kwq::check
