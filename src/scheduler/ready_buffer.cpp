#include "scheduler/ready_buffer.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace kwq::scheduler {

namespace {

bool shares_key(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::any_of(a.begin(), a.end(), [&](const std::string& key) {
        return std::find(b.begin(), b.end(), key) != b.end();
    });
}

}  // namespace

task_ptr at_priority(task_ptr task, model::priority p) {
    if (task->body.priority == p) {
        return task;
    }
    auto moved = *task;
    moved.body.priority = p;
    return std::make_shared<const model::stored_task>(std::move(moved));  // see task_ptr
}

lane_key ready_buffer::level_of(const model::stored_task& t) {
    return {t.place.queue, t.body.priority};
}

ready_buffer::order ready_buffer::turn_of(const record& place, model::priority level) {
    const model::priority after_all{INT32_MAX};
    return {place.priority == level ? after_all : place.priority, place.offset};
}

std::size_t ready_buffer::cost(const model::stored_task& t) {
    // Strings, map nodes and the two indexes: measured near 900 bytes for a task without payload.
    constexpr std::size_t fixed = 900;
    return fixed + t.body.payload.size() + 64 * (t.body.tags.size() + t.body.affinity.size()) +
           128 * t.body.meta.size();
}

void ready_buffer::add(task_ptr task) {
    KWQ_ASSERT(!contains(task->place));
    const auto& place = task->place;
    const auto& job = task->body.job;
    auto& l = lanes_[level_of(*task)];
    auto [line, is_new] = l.jobs.try_emplace(job);
    if (is_new) {
        line->second.turn = l.turns.insert(l.turns.end(), job);
    }
    ++l.tasks;
    bytes_ += cost(*task);
    by_record_.emplace(place, spot{job, task->body.priority});
    by_id_.emplace(task->body.id, place);
    const auto at = turn_of(*task);
    line->second.tasks.emplace(at, waiting{std::move(task)});
}

void ready_buffer::clear() {
    lanes_.clear();
    by_record_.clear();
    by_id_.clear();
    bytes_ = 0;
}

bool ready_buffer::contains(const record& place) const {
    return by_record_.find(place) != by_record_.end();
}

void ready_buffer::forget(const model::stored_task& t) {
    bytes_ -= cost(t);
    by_record_.erase(t.place);
    const auto [first, last] = by_id_.equal_range(t.body.id);
    for (auto i = first; i != last; ++i) {
        if (i->second == t.place) {
            by_id_.erase(i);
            return;
        }
    }
}

task_ptr ready_buffer::take_at(lane& l, const lane_key& key, const model::job_name& job, order at) {
    const auto line = l.jobs.find(job);
    KWQ_ASSERT(line != l.jobs.end());
    const auto found = line->second.tasks.find(at);
    KWQ_ASSERT(found != line->second.tasks.end());
    task_ptr task = std::move(found->second.task);
    line->second.tasks.erase(found);
    forget(*task);
    --l.tasks;
    if (line->second.tasks.empty()) {
        l.turns.erase(line->second.turn);
        l.jobs.erase(line);
    }
    if (l.tasks == 0) {
        lanes_.erase(key);
    }
    return task;
}

task_ptr ready_buffer::remove(const record& place) {
    const auto found = by_record_.find(place);
    if (found == by_record_.end()) {
        return nullptr;
    }
    const spot where = found->second;
    const lane_key key{place.queue, where.level};
    return take_at(lanes_.at(key), key, where.job, turn_of(place, where.level));
}

const ready_buffer::waiting* ready_buffer::match(const lane& l,
                                                 const std::vector<std::string>& affinity) const {
    std::size_t looked_at = 0;
    for (const auto& job : l.turns) {
        for (const auto& [at, w] : l.jobs.at(job).tasks) {
            if (shares_key(w.task->body.affinity, affinity)) {
                return &w;
            }
            if (++looked_at == affinity_look_ahead) {
                return nullptr;
            }
        }
    }
    return nullptr;
}

task_ptr ready_buffer::take(const lane_key& key, const std::vector<std::string>& affinity) {
    const auto found = lanes_.find(key);
    if (found == lanes_.end()) {
        return nullptr;
    }
    lane& l = found->second;
    const model::job_name whose_turn = l.turns.front();
    auto& first = l.jobs.at(whose_turn).tasks.begin()->second;
    if (!affinity.empty() && first.passed_over < max_passed_over) {
        const auto* better = match(l, affinity);
        if (better != nullptr && better != &first) {
            ++first.passed_over;
            const auto& t = *better->task;
            const model::job_name job = t.body.job;
            return take_at(l, key, job, turn_of(t));
        }
    }
    // The job goes to the back of the line, before its task goes: it may be its last.
    l.turns.splice(l.turns.end(), l.turns, l.turns.begin());
    const order at = turn_of(*first.task);
    return take_at(l, key, whose_turn, at);
}

std::vector<record> ready_buffer::with_id(const model::task_id& id) const {
    std::vector<record> out;
    const auto [first, last] = by_id_.equal_range(id);
    for (auto i = first; i != last; ++i) {
        out.push_back(i->second);
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::size_t ready_buffer::tasks(const lane_key& key) const {
    const auto found = lanes_.find(key);
    return found == lanes_.end() ? 0 : found->second.tasks;
}

std::vector<record> ready_buffer::evict() {
    std::vector<record> out;
    while (over_budget()) {
        // Lowest priority first, whatever the queue; the last offset of it, whatever the job. The
        // last task of a lane stays: a lane that never shows one would never be served.
        auto victim = lanes_.end();
        for (auto l = lanes_.begin(); l != lanes_.end(); ++l) {
            const bool lower = victim == lanes_.end() || l->first.level < victim->first.level;
            victim = l->second.tasks > 1 && lower ? l : victim;
        }
        if (victim == lanes_.end()) {
            break;
        }
        order latest{model::priority{-1}, offset{-1}};
        model::job_name whose;
        for (const auto& [job, line] : victim->second.jobs) {
            if (const auto at = std::prev(line.tasks.end())->first; at > latest) {
                latest = at;
                whose = job;
            }
        }
        const lane_key key = victim->first;
        out.push_back(take_at(victim->second, key, whose, latest)->place);
    }
    return out;
}

}  // namespace kwq::scheduler
