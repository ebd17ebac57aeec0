// ready_buffer: the read-ahead. Tasks that were met and may be handed out now, for every queue and
// priority, within one budget of bytes. It is only read-ahead: what is evicted is still ahead in
// the log and is read again.
//
// Tasks stand at the priority that their body says: where they are served. Within it jobs take
// turns (deficit round robin, Shreedhar and Varghese 1995, with one task as the quantum) and a
// job's own tasks stay in order of offset, those moved from other priorities before the rest. Soft
// affinity prefers, within the same lane, a task that names one of the worker's keys; the task
// whose turn it was is passed over at most `max_passed_over` times. Pure, one thread.
#pragma once

#include "model/lifecycle.hpp"
#include "model/task.hpp"
#include "scheduler/shard_state.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kwq::scheduler {

/// Shared with the answers that carry it to workers, on other threads; never changed.
using task_ptr = std::shared_ptr<const model::stored_task>;
/// The task as it is served at `p`, whatever its record says.
task_ptr at_priority(task_ptr task, model::priority p);

inline constexpr std::uint32_t max_passed_over = 32;
inline constexpr std::size_t affinity_look_ahead = 256;

class ready_buffer {
public:
    explicit ready_buffer(std::size_t budget_bytes) : budget_(budget_bytes) {}

    void add(task_ptr task);
    void clear();
    bool contains(const record& place) const;
    /// Takes it out, or null.
    task_ptr remove(const record& place);
    /// The next one of the lane for a worker with these affinity keys, taken out; or null.
    task_ptr take(const lane_key& lane, const std::vector<std::string>& affinity);

    /// Other records with this id that wait here.
    std::vector<record> with_id(const model::task_id& id) const;

    std::size_t tasks(const lane_key& lane) const;
    std::size_t tasks() const { return by_record_.size(); }
    std::size_t bytes() const { return bytes_; }
    bool over_budget() const { return bytes_ > budget_; }
    bool near_budget() const { return bytes_ * 10 > budget_ * 9; }

    /// Drops from the lowest priority, latest first, until within the budget, but for one task of
    /// each lane. Returns what was dropped: it must be read again.
    std::vector<record> evict();

private:
    struct waiting {
        task_ptr task;
        std::uint32_t passed_over = 0;
    };
    /// Topic of moved tasks, the largest number for others; then the offset.
    using order = std::pair<model::priority, offset>;
    struct spot {
        model::job_name job;
        model::priority level;
    };
    struct job_line {
        std::map<order, waiting> tasks;
        std::list<model::job_name>::iterator turn;  // its place in `turns`
    };
    struct lane {
        std::unordered_map<model::job_name, job_line> jobs;
        std::list<model::job_name> turns;  // every job with a line, the next one first
        std::size_t tasks = 0;
    };

    static std::size_t cost(const model::stored_task& t);
    static lane_key level_of(const model::stored_task& t);
    static order turn_of(const record& place, model::priority level);
    static order turn_of(const model::stored_task& t) { return turn_of(t.place, t.body.priority); }
    task_ptr take_at(lane& l, const lane_key& key, const model::job_name& job, order at);
    void forget(const model::stored_task& t);
    const waiting* match(const lane& l, const std::vector<std::string>& affinity) const;

    const std::size_t budget_;
    std::size_t bytes_ = 0;
    std::map<lane_key, lane> lanes_;
    std::unordered_map<record, spot> by_record_;
    std::unordered_multimap<model::task_id, record> by_id_;
};

}  // namespace kwq::scheduler
