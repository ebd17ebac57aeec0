// The part of the shard that meets tasks: what the runner reads of the lanes is judged, and what
// may be handed out goes to the read-ahead.
#include "base/assert.hpp"
#include "scheduler/shard.hpp"

#include <algorithm>
#include <utility>

namespace kwq::scheduler {

using model::place;

namespace {

constexpr std::size_t low_water = read_ahead_tasks / 4;
constexpr std::size_t sweep_step = 500;  // rows or ranges of one background step
constexpr milliseconds cursor_interval{1'000};
// The horizon moves in steps of an eighth of what it keeps.
constexpr int horizons_kept = 8;
constexpr milliseconds shortest_interval{1'000};
constexpr milliseconds longest_interval{3'600'000};
constexpr milliseconds longest_hold{200};

std::optional<model::task_intro> intro_of_task(const model::stored_task& t) {
    return model::task_intro{t.body.job, t.body.tags, t.submitted_at, t.body.limits};
}

offset after(offset o) {
    return offset{o.value() + 1};
}

}  // namespace

void shard::on_lane_end(const lane_key& lane, offset end) {
    queues_[lane.queue].insert(lane.level);
    state_.open_lane(lane);
    io(lane).end = std::max(io(lane).end, end);
}

bool shard::wants(const record& where) const {
    const auto found = io_.find(lane_of(where));
    if (found != io_.end() && (found->second.skipped.contains(where.offset) ||
                               found->second.parking.contains(where.offset))) {
        return false;
    }
    if (buffer_.contains(where) || reserved_.count(where) > 0) {
        return false;
    }
    const auto* lane = state_.find_lane(lane_of(where));
    return lane != nullptr && (lane->ahead.contains(where.offset) || state_.is_returned(where));
}

/// The task as it stands comes out: at the priority it was moved to.
shard::judgement shard::judge(task_ptr& task, const moment& now) {
    const auto stored = state_.row(task->place);
    const auto level =
        stored ? model::priority_of(task->place, stored->facts) : task->place.priority;
    task = at_priority(std::move(task), level);
    const auto& t = *task;
    const auto facts = state_.ledger().effective(t.place, stored ? stored->job : t.body.job,
                                                 stored ? stored->facts : model::task_facts{});
    if (facts.place != place::ahead && facts.place != place::pending) {
        drop_covered(t.place);
        return judgement::gone;
    }
    const auto intro = stored ? std::nullopt : intro_of_task(t);
    if (facts.place == place::ahead) {
        if (const auto other = state_.bound(t.body.id); other && *other != t.place) {
            reserve(t.place, {task, std::nullopt});
            send(model::duplicate{t.place, t.body.id, *other}, now);
            return judgement::gone;
        }
        if (t.body.not_before && *t.body.not_before > now.at) {
            reserve(t.place, {task, std::nullopt});
            send(model::parked{t.place, t.body.id, *t.body.not_before, intro}, now);
            return judgement::gone;
        }
    }
    if (t.body.expires_at && *t.body.expires_at <= now.at) {
        reserve(t.place, {task, std::nullopt});
        send(model::cancelled{t.place, t.body.id, model::cancel_reason::expired, intro}, now);
        return judgement::gone;
    }
    return judgement::ready;
}

/// A command has cancelled it: the row is settled, or the offset passed over by the cursor.
void shard::drop_covered(const record& where) {
    if (state_.row(where)) {
        state_.settle_effective(where);
        return;
    }
    io(lane_of(where)).skipped.insert({where.offset, after(where.offset)});
}

void shard::put_back(task_ptr task, const moment& now) {
    const auto back = state_.returned_lane(task->place);
    const bool is_read =
        task->place.offset < (back ? io(*back).returned_next : io(lane_of(task->place)).next);
    if (!is_read || !wants(task->place)) {
        return;  // what is before it has still to be read, and it will be with that
    }
    if (owner_ && judge(task, now) == judgement::gone) {
        return;
    }
    buffer_.add(std::move(task));
}

void shard::on_trimmed(const read_lane& asked, offset first) {
    if (owner_ && asked.from < first) {
        const lane_key home{asked.lane.queue, asked.lane.topic};
        io(home).skipped.insert({asked.from, std::min(first, asked.to)});
    }
}

void shard::on_records(const read_lane& asked, std::vector<met_record> records, offset next,
                       const moment& now) {
    auto& lane = io(asked.lane);
    auto& position = asked.returned ? lane.returned_next : lane.next;
    (asked.returned ? lane.reading_returned : lane.reading) = false;
    if (position != asked.from || !owner_) {
        return;  // it was put back meanwhile: what was read lies behind a gap, and is read again
    }
    position = next;
    std::vector<task_ptr> paused;
    for (auto& met : records) {
        if (!wants(met.place)) {
            continue;
        }
        if (const auto* why = std::get_if<std::string>(&met.what)) {
            reserve(met.place, {nullptr, std::nullopt});
            effects_.push_back(set_aside{met.place, *why});
            send(model::rejected{met.place, *why}, now);
            continue;
        }
        auto& task = std::get<task_ptr>(met.what);
        if (judge(task, now) == judgement::gone) {
            continue;
        }
        if (gates_.job_paused(task->body.job, now.at)) {
            paused.push_back(task);
        } else {
            buffer_.add(std::move(task));
        }
    }
    park_paused(paused, now);
    for (const auto& dropped : buffer_.evict()) {
        const auto back = state_.returned_lane(dropped);
        auto& again = back ? io(*back).returned_next : io(lane_of(dropped)).next;
        again = std::min(again, dropped.offset);
    }
}

void shard::park_paused(const std::vector<task_ptr>& paused, const moment& now) {
    std::map<std::pair<lane_key, model::job_name>, offset_set> groups;
    for (const auto& task : paused) {
        groups[{lane_of(task->place), task->body.job}].insert(
            {task->place.offset, after(task->place.offset)});
    }
    for (auto& [key, offsets] : groups) {
        auto ranges = offsets.ranges();
        for (const auto& r : ranges) {
            io(key.first).parking.insert(r);
        }
        const auto& lane = key.first;
        send(model::parked_ranges{lane.queue, lane.topic, key.second, std::move(ranges)}, now);
    }
}

bool shard::has_unread(const lane_key& key) const {
    const auto found = io_.find(key);
    const auto* lane = state_.find_lane(key);
    if (lane == nullptr || (found == io_.end() && !key.is_moved())) {
        return false;
    }
    static const lane_io unread;  // a lane of moved tasks has no topic to be told of
    const auto& l = found == io_.end() ? unread : found->second;
    if (const auto ahead = lane->ahead.next_range(l.next); ahead && ahead->first < l.end) {
        return true;
    }
    return lane->returned > 0 && !state_.returned(key, l.returned_next, 1).empty();
}

bool shard::has_unread_at(const model::queue_name& queue, model::priority level) const {
    const auto lanes = state_.lanes_at(queue, level);
    return std::any_of(lanes.begin(), lanes.end(),
                       [this](const lane_key& key) { return has_unread(key); });
}

void shard::plan_lane(const lane_key& key) {
    auto& l = io(key);
    const auto* lane = state_.find_lane(key);
    KWQ_ASSERT(lane != nullptr);
    if (lane->returned > 0 && !l.reading_returned) {
        const auto back = state_.returned(key, l.returned_next, 1);
        if (!back.empty()) {
            l.returned_next = back.front().first;
            l.reading_returned = true;
            effects_.push_back(read_lane{key, back.front().first, back.front().last, true});
        }
    }
    if (!l.reading) {
        const auto ahead = lane->ahead.next_range(l.next);
        if (ahead && ahead->first < l.end) {
            l.next = ahead->first;
            l.reading = true;
            effects_.push_back(read_lane{key, ahead->first, std::min(ahead->last, l.end), false});
        }
    }
}

void shard::plan_reads(const moment& now) {
    if (in_flight_.size() >= max_unapplied / 2) {
        return;  // judging what is read emits events too
    }
    for (const auto& [queue, priorities] : queues_) {
        std::size_t ready = 0;
        for (auto p = priorities.rbegin(); p != priorities.rend(); ++p) {
            const lane_key key{queue, *p};
            if (!lane_open(key, now)) {
                continue;
            }
            const auto here = buffer_.tasks(key);
            ready += here;
            const bool low = here < low_water && (here == 0 || !buffer_.near_budget());
            if (low && has_unread_at(queue, *p)) {
                for (const auto& lane : state_.lanes_at(queue, *p)) {
                    if (has_unread(lane)) {
                        plan_lane(lane);
                    }
                }
                break;  // the lanes below can wait until this one is read
            }
            if (ready >= low_water) {
                break;
            }
        }
    }
}

void shard::move_cursors(const moment& now) {
    if (now.mono < next_cursor_) {
        return;
    }
    next_cursor_ = now.mono + cursor_interval;
    for (auto& [key, lane] : io_) {
        if (lane.skipped.empty() || is_busy()) {
            continue;
        }
        const auto* known = state_.find_lane(key);
        model::cursor c{key.queue, key.topic, std::nullopt, {}};
        // The head moves as far as everything before it was dropped or has left otherwise.
        for (auto front = known->ahead.next_range(offset{0});
             front && lane.skipped.contains(front->first);
             front = known->ahead.next_range(*c.next)) {
            c.next = lane.skipped.next_range(front->first)->last;
        }
        for (const auto& r : lane.skipped.ranges()) {
            if (state_.is_returned({key.queue, key.topic, r.first}) && c.done.size() < sweep_step) {
                c.done.push_back(r);
            }
        }
        if (c.next || !c.done.empty()) {
            send(std::move(c), now);
        }
    }
}

/// A trimmed log begins with a horizon, and a fold that begins there knows no command, no binding
/// and no hand-out of before: so nothing may come behind it that was decided without them. When one
/// is due, decisions wait until every owner event has been read back; a moment, on an embedded log.
/// Where callers steer without a pause it is written all the same, and no log begins there.
bool shard::holds_for_horizon(const moment& now) {
    const auto interval =
        std::clamp(options_.horizon / horizons_kept, shortest_interval, longest_interval);
    if (!next_horizon_) {
        next_horizon_ = now.mono + interval;
    }
    if (now.mono < *next_horizon_) {
        return false;
    }
    const bool clear = std::none_of(in_flight_.begin(), in_flight_.end(), [](const auto& e) {
        return model::is_owner_event(e.event.body);
    });
    if (!clear && now.mono < *next_horizon_ + longest_hold) {
        hold_until_ = *next_horizon_ + longest_hold;
        return true;
    }
    hold_until_.reset();
    model::horizon e{now.at + -options_.horizon};
    if (clear) {
        e.control_next = offset{state_.partition().control_seen.value() + 1};
    }
    send(e, now);
    workers_.forget_silent(now.at);
    next_horizon_ = now.mono + interval;
    return false;
}

void shard::unpark(const moment& now) {
    if (unpark_all_from_) {
        const auto jobs = state_.parked_jobs(*unpark_all_from_, sweep_step);
        unpark_.insert(jobs.begin(), jobs.end());
        unpark_all_from_ = jobs.size() < sweep_step ? std::nullopt : std::optional(jobs.back());
    }
    for (auto job = unpark_.begin(); job != unpark_.end() && !is_busy();) {
        if (unparking_.count(*job) > 0) {
            ++job;
            continue;
        }
        if (!gates_.job_paused(*job, now.at)) {
            const auto parked = state_.parked_of(*job, sweep_step);
            std::map<lane_key, std::vector<offset_range>> lanes;
            for (const auto& p : parked) {
                lanes[p.where].push_back(p.range);
            }
            if (!lanes.empty()) {
                // One lane at a time: the next follows when this one is read back.
                auto& [key, ranges] = *lanes.begin();
                unparking_.insert(*job);
                send(model::ready_ranges{key.queue, key.topic, *job, std::move(ranges)}, now);
            }
        }
        job = unpark_.erase(job);
    }
}

void shard::sweep_retried(const moment&) {
    for (auto job = retried_.begin(); job != retried_.end();) {
        const auto dead = state_.retried_dead(*job, sweep_step);
        for (const auto& where : dead) {
            state_.settle_effective(where);
            if (const auto back = state_.returned_lane(where)) {
                returned_at(*back, where.offset);
            }
        }
        if (dead.size() == sweep_step) {
            return;  // the rest in the next step
        }
        job = retried_.erase(job);
    }
}

void shard::wake_due(const moment& now) {
    if (!next_due_ || now.at < *next_due_ || readying_ > 0 || is_busy()) {
        return;
    }
    for (const auto& where : state_.due(now.at, sweep_step)) {
        const auto row = state_.row(where);
        KWQ_ASSERT(static_cast<bool>(row));
        const auto facts = state_.ledger().effective(where, row->job, row->facts);
        if (facts.place != place::scheduled) {
            state_.settle_effective(where);
        } else if (reserved_.count(where) == 0) {
            reserve(where, {nullptr, std::nullopt});
            send(model::ready{where, row->id, model::ready_reason::due}, now);
            ++readying_;
        }
    }
    if (readying_ == 0) {
        next_due_ = state_.next_due();
    }
}

}  // namespace kwq::scheduler
