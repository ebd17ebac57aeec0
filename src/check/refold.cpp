// The partition's half of the refold: claims, owners' time, cursors, ranges, commands.
#include "check/refold.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <utility>

namespace kwq::check {

std::string_view to_string(why_void w) {
    switch (w) {
        case why_void::none: return "accepted";
        case why_void::stale_epoch: return "stale_epoch";
        case why_void::lease_lost: return "lease_lost";
        case why_void::already: return "already";
        case why_void::outcome_conflict: return "outcome_conflict";
        case why_void::wrong_place: return "wrong_place";
        case why_void::id_taken: return "id_taken";
        case why_void::not_duplicate: return "not_duplicate";
        case why_void::too_early: return "too_early";
        case why_void::stale_control: return "stale_control";
        case why_void::wrong_attempt: return "wrong_attempt";
        case why_void::no_intro: return "no_intro";
        case why_void::no_record: return "no_record";
    }
    return "?";
}

std::uint64_t hash_of(const model::task_id& id) {
    return hash64(id.value(), 1);
}

std::uint64_t hash_of(const model::lease_token& lease) {
    return hash64(lease.value(), 2);
}

std::uint32_t checksum_of(const std::vector<model::tag_name>& tags) {
    std::string all;
    for (const auto& t : tags) {
        all += t.value();
        all += '\n';
    }
    return crc32c(all);
}

refold::refold(options o, task_table& table, const commands& given, findings& found)
    : options_(std::move(o)), table_(table), given_(given), found_(found) {}

void refold::broken(rule r, std::string sentence) {
    found_.broken({r,
                   {options_.status_topic, options_.shard, offset_},
                   std::string(type_),
                   std::move(sentence)});
}

void refold::apply(const model::logged_event& logged) {
    ++events_;
    offset_ = logged.offset.value();
    at_ = logged.event.at;
    type_ = model::type_name(logged.event.body);
    ++verdicts_[static_cast<std::size_t>(judge(logged.event))];
}

why_void refold::judge(const model::event& e) {
    if (e.owner) {
        if (const auto bad = judge_owner(e); bad != why_void::none) {
            return bad;
        }
    }
    return std::visit([this](const auto& body) { return on(body); }, e.body);
}

/// An owner's event counts under the newest claim, and its time never goes back.
why_void refold::judge_owner(const model::event& e) {
    const auto epoch = e.owner->epoch.value();
    if (claims_.empty() && options_.first > 0) {
        begin_at(e);
    }
    found_.checked(rule::owner_epoch);
    if (epoch < options_.first && epoch != epoch_) {
        return why_void::stale_epoch;  // its claim was trimmed
    }
    if (!std::binary_search(claims_.begin(), claims_.end(), epoch)) {
        broken(rule::owner_epoch,
               "its epoch " + std::to_string(epoch) + " is not the offset of any claim before it");
        return why_void::stale_epoch;
    }
    if (epoch != epoch_) {
        return why_void::stale_epoch;
    }
    const auto t = e.owner->t.count();
    found_.checked(rule::time_goes_back);
    if (t < t_) {
        broken(rule::time_goes_back, "t is " + std::to_string(t) + " ms, but an earlier event of " +
                                         "the same claim had " + std::to_string(t_));
        return why_void::stale_epoch;
    }
    if (const auto* c = std::get_if<model::control>(&e.body);
        c != nullptr && c->control_offset.value() <= control_seen_) {
        return why_void::stale_control;
    }
    t_ = t;
    return why_void::none;
}

/// A log that was trimmed begins with a horizon that says what was before it.
void refold::begin_at(const model::event& e) {
    if (const auto* h = std::get_if<model::horizon>(&e.body); h != nullptr && h->control_next) {
        epoch_ = e.owner->epoch.value();
        control_seen_ = h->control_next->value() - 1;
        claims_.push_back(epoch_);
    }
}

why_void refold::on(const model::claim&) {
    epoch_ = offset_;
    t_ = 0;
    sequence_ = 0;
    claims_.push_back(offset_);
    return why_void::none;
}

/// Has the record left the head of its lane for a reason that the log shows?
bool refold::left_rightly(task_line& t) {
    if (t.left_head || !t.there) {
        return true;
    }
    book_.update(t, table_);
    t.left_head = has_ended(t.where);
    return t.left_head;
}

why_void refold::on(const model::cursor& e) {
    lane* l = table_.find_lane(e.queue, e.priority);
    if (l == nullptr) {
        broken(rule::phantom, "there is no topic for the queue and priority it names");
        return why_void::none;
    }
    const std::string name = l->topic + " at offset ";
    if (e.next && e.next->value() > l->end) {
        broken(rule::lost_task, "it passes the end of " + l->topic);
    }
    const auto next = e.next ? std::min(e.next->value(), l->end) : l->cursor;
    for (auto o = std::max(l->cursor, l->first); o < next; ++o) {
        found_.checked(rule::lost_task);
        if (!left_rightly(table_.at(*l, o))) {
            broken(rule::lost_task, "it passes the task in " + name + std::to_string(o) +
                                        ", which no event has taken from there");
            break;
        }
    }
    l->cursor = std::max(l->cursor, next);
    for (const auto& range : e.done) {
        for (auto o = range.first.value(); o < std::min(range.last.value(), l->end); ++o) {
            auto& t = table_.at(*l, o);
            book_.update(t, table_);
            found_.checked(rule::lost_task);
            if (!has_ended(t.where) && !has_lost_past(t)) {
                broken(rule::lost_task, "it drops the task in " + name + std::to_string(o) +
                                            ", which has not ended");
                break;
            }
        }
    }
    return why_void::none;
}

void refold::check_range(const model::queue_name& queue, model::priority p,
                         const model::job_name& job, const std::vector<model::offset_range>& ranges,
                         bool parking) {
    lane* l = table_.find_lane(queue, p);
    if (l == nullptr) {
        broken(rule::phantom, "there is no topic for the queue and priority it names");
        return;
    }
    for (const auto& range : ranges) {
        if (range.last.value() > l->end) {
            broken(rule::phantom, "it names records beyond the end of " + l->topic);
        }
        for (auto o = range.first.value(); o < std::min(range.last.value(), l->end); ++o) {
            auto& t = table_.at(*l, o);
            if (!t.readable) {
                continue;
            }
            book_.update(t, table_);
            found_.checked(rule::state_machine);
            const std::string where = l->topic + " at offset " + std::to_string(o);
            if (table_.jobs()[t.job] != job) {
                broken(rule::state_machine, "it names the task in " + where + ", of another job");
                return;
            }
            const bool waits = t.where == whereabouts::ahead || t.where == whereabouts::pending;
            if (parking && !waits && !t.by_command) {
                broken(rule::state_machine, "it parks the task in " + where + ", which is " +
                                                std::string(to_string(t.where)));
                return;
            }
            t.left_head = t.left_head || parking;
        }
    }
}

why_void refold::on(const model::parked_ranges& e) {
    check_range(e.queue, e.priority, e.job, e.ranges, true);
    return why_void::none;
}

why_void refold::on(const model::ready_ranges& e) {
    check_range(e.queue, e.priority, e.job, e.ranges, false);
    return why_void::none;
}

/// The command must be there, as it was given.
void refold::check_copy(const model::control& e) {
    found_.checked(rule::phantom);
    const auto found = std::lower_bound(
        given_.begin(), given_.end(), e.control_offset,
        [](const auto& given, model::offset wanted) { return given.first < wanted; });
    if (found == given_.end() || found->first != e.control_offset) {
        broken(rule::phantom, "there is no command at offset " +
                                  std::to_string(e.control_offset.value()) + " of the controls");
        return;
    }
    const auto& c = found->second;
    const auto shard = static_cast<std::size_t>(options_.shard);
    const bool same_ends = shard < c.ends.size() ? c.ends[shard] == e.ends : e.ends.empty();
    if (c.action != e.action || c.job != e.job || c.queue != e.queue || c.priority != e.priority ||
        !same_ends) {
        broken(rule::phantom, "it is not the command at offset " +
                                  std::to_string(e.control_offset.value()) + " of the controls");
    }
}

why_void refold::on(const model::control& e) {
    check_copy(e);
    control_seen_ = e.control_offset.value();
    book_.add(model::offset{offset_}, at_, e);
    return why_void::none;
}

why_void refold::on(const model::followed& e) {
    found_.checked(rule::lost_task);
    const auto of = e.of.value();
    if (with_then_.erase(of) == 0 && followed_.count(of) == 0) {
        if (options_.first > 0) {
            return why_void::none;  // its completion, or what that stood on, was trimmed
        }
        broken(
            rule::state_machine,
            "there is no completion with follow-ups that counts at offset " + std::to_string(of));
        return why_void::none;
    }
    followed_.insert(of);
    if (const auto ids = then_ids_.find(of); ids != then_ids_.end()) {
        for (const auto id : ids->second) {
            expected_.emplace(id, of);
        }
        then_ids_.erase(ids);
    }
    return why_void::none;
}

why_void refold::on(const model::horizon& e) {
    found_.checked(rule::forgotten_early);
    if (e.before > at_) {
        broken(rule::forgotten_early, "it forgets ids that are settled after it");
    }
    horizon_ = std::max(horizon_, e.before);
    return why_void::none;
}

void refold::finish() {
    offset_ = -1;
    type_ = "end";
    for (auto& t : table_.rows()) {
        if (!t.there) {
            continue;
        }
        book_.update(t, table_);
        found_.checked(rule::conservation);
        const bool leased = t.where == whereabouts::leased;
        const bool handed_out =
            leased || t.where == whereabouts::complete || t.where == whereabouts::dead;
        if (leased != (t.lease != 0) || (t.running && !leased) || (handed_out && t.attempt == 0)) {
            broken(rule::conservation,
                   "task " + to_string(table_.place_of(t)) + " is in more than one state");
        }
        if (leased && t.spent >= table_.limits(t.limits).max_attempts) {
            broken(rule::attempts, "task " + to_string(table_.place_of(t)) +
                                       " is leased though its attempts are spent");
        }
    }
}

}  // namespace kwq::check
