// task_table: one row for each record of the task topics of one shard, 120 bytes each, so that ten
// million fit in memory. Names are kept as numbers and ids as hashes.
#pragma once

#include "base/clock.hpp"
#include "model/task.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kwq::check {

/// Where a task is, as docs/event-log.md describes it.
enum class whereabouts : std::uint8_t {
    ahead,  // waits at the head; no event has named it yet
    scheduled,
    pending,  // back in its place
    leased,
    dead,
    complete,
    cancelled,
    dropped,    // a duplicate
    set_aside,  // could not be read
};
inline constexpr int whereabouts_count = 9;
std::string_view to_string(whereabouts w);
/// Nothing happens to it any more, but that a dead one may be retried.
bool has_ended(whereabouts w);

/// How the last lease of a task ended.
enum class lease_end : std::uint8_t { none, complete, error, released, expired, cancelled };

struct task_line {
    std::uint64_t id = 0;     // hash of it
    std::uint64_t lease = 0;  // hash of the live one
    std::uint64_t ended_lease = 0;
    std::int64_t since = -1;  // status offset of what moved it last
    std::int64_t due = 0;     // scheduled: not before this, at the least
    std::int64_t submitted_at = 0;
    std::int64_t lease_epoch = -1;
    std::int64_t lease_t = 0;
    std::int64_t settled_at = 0;
    std::uint32_t job = 0;
    std::uint32_t limits = 0;
    std::uint32_t tags = 0;     // checksum
    std::uint32_t payload = 0;  // checksum
    std::uint32_t attempt = 0;  // hand-outs
    std::uint32_t spent = 0;    // that count against max_attempts
    std::int32_t moved_to = 0;  // the priority it is served at; 0: its lane's
    whereabouts where = whereabouts::ahead;
    lease_end ended = lease_end::none;
    bool running = false;
    bool readable = false;    // its record was there and could be read
    bool there = false;       // its record was there
    bool left_head = false;   // an event has taken it from the head of its lane
    bool by_command = false;  // a command of a whole job or queue moved it last
    bool timed = false;       // has not_before or expires_at: in `times`
};

/// A queue's priority: rows [begin, begin + end) of the table are its offsets [0, end).
struct lane {
    model::queue_name queue;
    model::priority priority;
    std::string topic;
    std::size_t begin = 0;
    std::int64_t first = 0;   // below: trimmed
    std::int64_t end = 0;     // of the topic
    std::int64_t cursor = 0;  // nothing below waits at the head
};

struct task_times {
    std::optional<instant> not_before;
    std::optional<instant> expires_at;
};

/// Open addressing over hashes: 16 bytes a slot. A hash stands for one row.
class hash_index {
public:
    /// The slot's row; `none` in a fresh one.
    static constexpr std::uint32_t none = UINT32_MAX;
    std::uint32_t& operator[](std::uint64_t hash);
    std::uint32_t find(std::uint64_t hash) const;
    std::size_t size() const { return size_; }

private:
    struct slot {
        std::uint64_t hash = 0;
        std::uint32_t row = none;
        bool used = false;
    };
    void grow();

    std::vector<slot> slots_;
    std::size_t size_ = 0;
};

class task_table {
public:
    /// Job and limits number 0 stand for none.
    task_table();

    /// Adds a lane whose rows follow those of the one before.
    lane& add_lane(lane l);
    void resize(const lane& l);
    lane* find_lane(const model::queue_name& queue, model::priority p);
    /// Null when the record is not there.
    task_line* find(const model::record& where);
    task_line& at(const lane& l, std::int64_t offset) {
        return rows_[l.begin + static_cast<std::size_t>(offset)];
    }
    std::uint32_t number_of(const task_line& t) const {
        return static_cast<std::uint32_t>(&t - rows_.data());
    }
    task_line& row(std::uint32_t number) { return rows_[number]; }
    const task_line& row(std::uint32_t number) const { return rows_[number]; }
    const lane& lane_of(const task_line& t) const;
    model::record place_of(const task_line& t) const;

    std::uint32_t intern_job(const model::job_name& job);
    std::uint32_t intern_limits(const model::task_limits& limits);
    const std::vector<model::job_name>& jobs() const { return jobs_; }
    const model::task_limits& limits(std::uint32_t number) const { return limits_[number]; }
    std::optional<std::uint32_t> find_job(const model::job_name& job) const;

    std::vector<task_line>& rows() { return rows_; }
    const std::vector<task_line>& rows() const { return rows_; }
    std::vector<lane>& lanes() { return lanes_; }
    const std::vector<lane>& lanes() const { return lanes_; }
    task_times& times_of(const task_line& t) { return times_[number_of(t)]; }

private:
    using limit_key = std::tuple<std::uint32_t, std::int64_t, std::int64_t, std::int64_t>;

    std::vector<task_line> rows_;
    std::vector<lane> lanes_;
    std::size_t last_lane_ = 0;
    std::vector<model::job_name> jobs_;
    std::unordered_map<model::job_name, std::uint32_t> job_numbers_;
    std::vector<model::task_limits> limits_;
    std::map<limit_key, std::uint32_t> limit_numbers_;
    std::unordered_map<std::uint32_t, task_times> times_;
};

}  // namespace kwq::check
