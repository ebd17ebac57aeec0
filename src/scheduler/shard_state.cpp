#include "scheduler/shard_state.hpp"

#include "base/assert.hpp"
#include "codec/event_codec.hpp"
#include "scheduler/shard_keys.hpp"

#include <algorithm>
#include <variant>

namespace kwq::scheduler {

using model::place;
using model::task_facts;

namespace {

const model::job_name& job_for(const found_row& stored, const model::event& e) {
    static const model::job_name none;
    if (stored && !stored->job.value().empty()) {
        return stored->job;
    }
    const auto* intro = model::intro_of(e.body);
    return intro != nullptr ? intro->job : none;
}

template <class Next>
std::vector<offset_range> pieces_of(const offset_range& r, const Next& next) {
    std::vector<offset_range> out;
    for (auto piece = next(r.first); piece && piece->first < r.last; piece = next(piece->last)) {
        out.push_back({piece->first, std::min(piece->last, r.last)});
    }
    return out;
}

/// What of `r` is there.
std::vector<offset_range> common(const offset_range& r, const offset_set& set) {
    return pieces_of(r, [&](offset from) { return set.next_range(from); });
}

std::vector<offset_range> common(const offset_range& r, const range_table& table, bool any) {
    return pieces_of(r, [&](offset from) {
        const auto found = any ? table.next(from, 1) : std::vector<offset_range>{};
        return found.empty() ? std::nullopt : std::optional(found.front());
    });
}

struct binding {
    std::uint64_t settled_at = 0;
    record where;
};

binding read_binding(std::string_view value) {
    binding b;
    b.settled_at = store::take_u64(value);
    b.where.offset = offset{static_cast<std::int64_t>(store::take_u64(value))};
    b.where.priority = model::priority{static_cast<std::int32_t>(store::take_u32(value))};
    b.where.queue = model::queue_name{std::string(value)};
    return b;
}

}  // namespace

applied shard_state::apply(const model::logged_event& logged, std::uint32_t crc) {
    KWQ_ASSERT(logged.offset > applied_);
    applied result;
    result.verdict = model::step_partition(partition_, logged);
    if (result.verdict.accepted()) {
        if (model::place_of(logged.event.body) != nullptr) {
            result = apply_task(logged);
        } else {
            apply_partition(logged);
        }
    }
    applied_ = logged.offset;
    applied_crc_ = crc;
    return result;
}

void shard_state::skip(offset at, std::uint32_t crc) {
    KWQ_ASSERT(at > applied_);
    applied_ = at;
    applied_crc_ = crc;
}

applied shard_state::apply_task(const model::logged_event& logged) {
    const auto& e = logged.event;
    const record& where = *model::place_of(e.body);
    const auto* id = model::id_of(e.body);
    auto stored = row(where);
    const auto& job = job_for(stored, e);

    applied result;
    result.before = ledger_.effective(where, job, stored ? stored->facts : task_facts{});
    if (!stored && model::intro_of(e.body) != nullptr && has_left(where, job)) {
        result.before.place = place::cancelled;  // or complete: it is over, and that is all
    }
    bool id_taken = false;
    if (result.before.place == place::ahead && id != nullptr) {
        const auto other = bound(*id);
        id_taken = other && *other != where;
    }
    auto [verdict, after] = model::step(result.before, id_taken, logged);
    result.verdict = verdict;
    result.after = after;
    if (!verdict.accepted()) {
        return result;
    }
    const auto from = stored ? std::optional(stored->facts.place) : std::nullopt;
    auto of_job = job;
    task_row next = take_row(where, std::move(stored));
    next.job = std::move(of_job);
    leave(where, from, next, after.place);
    next.facts = after;
    if (next.id.value().empty() && id != nullptr) {
        next.id = *id;
    }
    if (const auto* a = std::get_if<model::allocated>(&e.body)) {
        next.worker = a->worker;
        next.allocated_at = e.at;
    }
    next.settled_at = is_settled(after.place) ? e.at : instant{0};
    enter(where, from, std::move(next));
    if (const auto* c = std::get_if<model::complete>(&e.body); c != nullptr && !c->then.empty()) {
        unfollowed_.insert(logged.offset);
        state_.put(keys::unfollowed(logged.offset), "");
    }
    return result;
}

/// The row as it is: a lease is taken out of memory with it.
task_row shard_state::take_row(const record& where, found_row stored) {
    if (!stored) {
        return {};
    }
    return stored.is_kept() ? std::move(leases_.extract(where).mapped()) : stored.take();
}

/// A command may have settled a task so long ago that its id is another's by the time it is met.
bool shard_state::has_id(const model::task_id& id, const record& where) const {
    if (partition_.horizon == instant{0} || ledger_.empty()) {
        return true;
    }
    const auto value = state_.get(keys::id(id));
    return !value || read_binding(*value).where == where;
}

/// `row` as it was, at `from`; nothing: there was none. A running or progress report changes only a
/// lease in place.
void shard_state::leave(const record& where, std::optional<model::place> from, const task_row& row,
                        model::place to) {
    switch (from.value_or(place::ahead)) {
        case place::ahead:
        case place::pending: erase_waiting(where, row.job); break;
        case place::scheduled:
            state_.erase(keys::due(row.facts.due, where));
            --counts_.scheduled;
            break;
        case place::leased:
            if (to != place::leased) {
                state_.erase(keys::lease(where));
            }
            break;
        case place::dead:
            state_.erase(keys::dead(row.job, row.facts.since, where));
            --counts_.dead;
            break;
        case place::complete:
        case place::cancelled:
        case place::duplicate:
        case place::rejected: break;
    }
}

void shard_state::enter(const record& where, std::optional<model::place> from, task_row row) {
    const auto to = row.facts.place;
    const bool keeps_id = to != place::duplicate && to != place::rejected;
    const bool is_new = !from || from == place::ahead;
    if (keeps_id && (is_new || (is_settled(to) && has_id(row.id, where)))) {
        bind(row.id, where, row.settled_at);
    }
    if (to == place::leased) {
        if (from == place::leased) {
            state_.put(keys::lease(where), encode_row(row));
        } else {
            state_.put_new(keys::lease(where), encode_row(row));
        }
        if (from && from != place::leased) {
            state_.erase(keys::row(where));
        }
        leases_.insert_or_assign(where, std::move(row));
        return;
    }
    if (from && from != place::leased) {
        state_.put(keys::row(where), encode_row(row));
    } else {
        state_.put_new(keys::row(where), encode_row(row));
    }
    switch (to) {
        case place::scheduled:
            state_.put_new(keys::due(row.facts.due, where), "");
            ++counts_.scheduled;
            break;
        case place::pending: {
            const auto key = lane_of(where, row.facts);
            touch(key).returned +=
                returned_table(key).insert({where.offset, offset{where.offset.value() + 1}});
            break;
        }
        case place::dead:
            state_.put_new(keys::dead(row.job, row.facts.since, where), "");
            ++counts_.dead;
            break;
        default: ++counts_.settled; break;
    }
}

void shard_state::erase_waiting(const record& where, const model::job_name& job) {
    auto& lane = touch(lane_of(where));
    if (lane.ahead.contains(where.offset)) {
        lane.ahead.erase(where.offset);
        return;
    }
    const offset_range one{where.offset, offset{where.offset.value() + 1}};
    if (const auto back = returned_lane(where)) {
        touch(*back).returned += returned_table(*back).erase(one);
        return;
    }
    for (const auto& key : lanes_from(where.queue, where.priority)) {
        parked_table(job, key).erase(one);
    }
}

void shard_state::settle_effective(const record& where) {
    auto stored = row(where);
    if (!stored) {
        return;
    }
    instant at{0};
    auto facts = ledger_.effective(where, stored->job, stored->facts, &at);
    if (facts == stored->facts) {
        return;
    }
    const auto from = stored->facts.place;
    task_row next = take_row(where, std::move(stored));
    leave(where, from, next, facts.place);
    next.facts = std::move(facts);
    next.settled_at = is_settled(next.facts.place) ? at : instant{0};
    enter(where, from, std::move(next));
}

void shard_state::apply_partition(const model::logged_event& logged) {
    const auto& body = logged.event.body;
    if (const auto* c = std::get_if<model::cursor>(&body)) {
        const lane_key key{c->queue, c->priority};
        auto& lane = touch(key);
        if (c->next && c->next->value() > 0) {
            lane.ahead.erase({offset{0}, *c->next});
        }
        for (const auto& from : lanes_from(c->queue, c->priority)) {
            for (const auto& r : c->done) {
                touch(from).returned += returned_table(from).erase(r);
            }
        }
    } else if (const auto* p = std::get_if<model::parked_ranges>(&body)) {
        park_ranges(*p);
    } else if (const auto* y = std::get_if<model::ready_ranges>(&body)) {
        return_ranges(*y);
    } else if (const auto* k = std::get_if<model::control>(&body)) {
        apply_control(logged.offset, logged.event.at, *k);
        state_.put(keys::control(logged.offset), codec::write_event(logged.event));
    } else if (const auto* f = std::get_if<model::followed>(&body)) {
        unfollowed_.erase(f->of);
        state_.erase(keys::unfollowed(f->of));
    }
}

void shard_state::park_ranges(const model::parked_ranges& p) {
    // Dead letters of it that a retry made pending may be among them: they come back first, as
    // they had when the event was decided.
    return_retried(p.job);
    for (const auto& key : lanes_from(p.queue, p.priority)) {
        auto& lane = touch(key);
        auto back = returned_table(key);
        auto table = parked_table(p.job, key);
        for (const auto& r : p.ranges) {
            // Only what still waits: a task that was settled meanwhile must not come back with
            // them.
            for (const auto& piece : common(r, lane.ahead)) {
                table.insert(piece);
            }
            for (const auto& piece : common(r, back, lane.returned > 0)) {
                table.insert(piece);
            }
            lane.ahead.erase(r);
            lane.returned += lane.returned > 0 ? back.erase(r) : 0;
        }
    }
}

void shard_state::return_ranges(const model::ready_ranges& y) {
    for (const auto& key : lanes_from(y.queue, y.priority)) {
        auto& lane = touch(key);
        auto back = returned_table(key);
        auto table = parked_table(y.job, key);
        for (const auto& r : y.ranges) {
            for (const auto& piece : common(r, table, true)) {
                lane.returned += back.insert(piece);
            }
            table.erase(r);
        }
    }
}

void shard_state::return_retried(const model::job_name& job) {
    constexpr std::size_t at_once = 1'000;
    for (auto dead = retried_dead(job, at_once); !dead.empty(); dead = retried_dead(job, at_once)) {
        for (const auto& where : dead) {
            settle_effective(where);
        }
    }
}

void shard_state::apply_control(offset at, instant when, const model::control& c) {
    ledger_.apply(at, when, c);
    if (c.action == model::control_action::cancel_job) {
        cancel_leases_of(c.job);
    }
}

void shard_state::cancel_leases_of(const model::job_name& job) {
    std::vector<record> of_job;
    for (const auto& [where, row] : leases_) {
        if (row.job == job) {
            of_job.push_back(where);
        }
    }
    std::sort(of_job.begin(), of_job.end());
    for (const auto& where : of_job) {
        settle_effective(where);
    }
}

void shard_state::bind(const model::task_id& id, const record& where, instant settled_at) {
    std::string value;
    store::append_u64(value, static_cast<std::uint64_t>(settled_at.value()));
    store::append_u64(value, static_cast<std::uint64_t>(where.offset.value()));
    store::append_u32(value, static_cast<std::uint32_t>(where.priority.value()));
    value += where.queue.value();
    const auto key = keys::id(id);
    newest_ids_.add(key);
    state_.put(key, value);
}

std::optional<record> shard_state::bound(const model::task_id& id) const {
    const auto key = keys::id(id);
    if (newest_ids_.is_new(key)) {
        return std::nullopt;
    }
    const auto value = state_.get(key);
    if (!value || may_forget(key, *value, partition_.horizon)) {
        return std::nullopt;
    }
    auto [settled_at, where] = read_binding(*value);
    if (settled_at == 0 && partition_.horizon > instant{0} && !ledger_.empty()) {
        // A command may have settled it, and nobody has met it since to write that down.
        instant at{0};
        const auto stored = row(where);
        const auto facts =
            stored ? ledger_.effective(where, stored->job, stored->facts, &at) : task_facts{};
        if (is_settled(facts.place) && at > instant{0} && at < partition_.horizon) {
            return std::nullopt;
        }
    }
    return where;
}

/// Is it known of a record without a row that it waits nowhere any more? Then it was settled before
/// the horizon, or passed over because a command covers it.
bool shard_state::has_left(const record& where, const model::job_name& job) const {
    const auto* lane = find_lane(lane_of(where));
    if (lane == nullptr || lane->ahead.contains(where.offset) || is_returned(where)) {
        return false;
    }
    const auto lanes = lanes_from(where.queue, where.priority);
    return std::none_of(lanes.begin(), lanes.end(), [&](const lane_key& key) {
        return parked_table(job, key).contains(where.offset);
    });
}

found_row shard_state::row(const record& where) const {
    if (const auto found = leases_.find(where); found != leases_.end()) {
        return found_row(found->second);
    }
    // Nearly every task is asked for while it is still ahead: no need to ask the store.
    if (const auto* lane = find_lane(lane_of(where));
        lane == nullptr || lane->ahead.contains(where.offset)) {
        return {};
    }
    const auto key = keys::row(where);
    const auto value = state_.get(key);
    if (!value || may_forget(key, *value, partition_.horizon)) {
        return {};
    }
    return found_row(decode_row(*value));
}

task_facts shard_state::effective(const record& where, const model::job_name& job) const {
    const auto stored = row(where);
    return ledger_.effective(where, stored && !stored->job.value().empty() ? stored->job : job,
                             stored ? stored->facts : task_facts{});
}

shard_state::lane& shard_state::touch(const lane_key& key) {
    const auto [found, is_new] = lanes_.try_emplace(key);
    found->second.is_dirty = true;
    if (is_new && key.is_moved()) {
        found->second.ahead = offset_set{};
        moved_lanes_.insert(key);
    }
    return found->second;
}

bool may_forget(std::string_view key, std::string_view value, instant horizon) {
    if (key.empty() || value.size() < 8) {
        return false;
    }
    if (key.front() == 't') {
        // Rows: settled_at stands at a fixed place, see encode_row().
        constexpr std::size_t settled_at = 1 + 1 + 4 + 8 + 8 + 1;
        value.remove_prefix(std::min(settled_at, value.size()));
    } else if (key.front() != 'i') {
        return false;
    }
    if (value.size() < 8) {
        return false;
    }
    const auto settled = static_cast<std::int64_t>(store::take_u64(value));
    return settled > 0 && settled < horizon.value();
}

}  // namespace kwq::scheduler
