// sources: the partitions that the tracker reads, each from where it stopped. Records come out in
// the order of their timestamps as far as they are known: the answers do not depend on it, but then
// a command finds few rows beyond its end, and few rows are made from events before their records.
//
// Everything here is the tracker's thread's, except where it says otherwise.
#pragma once

#include "eventlog/event_log.hpp"
#include "eventlog/topics.hpp"
#include "store/kv.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kwq::tracker {

struct source {
    eventlog::topic_partition where;
    model::shard_id shard;
    bool status = false;
    model::queue_name queue;  // of a task topic
    model::priority priority;

    model::offset next{0};          // to be folded
    std::uint32_t last_crc = 0;     // of the record before it
    bool moved = false;             // since the last commit
    model::offset caught_up_at{0};  // its end when it was added
    std::deque<eventlog::log_record> read_ahead;

    std::atomic<std::int64_t> end{0};  // the log's threads write these two
    std::atomic<std::int64_t> durable{0};
};

class sources {
public:
    /// `wake` is called on the log's threads when there may be more to read, or more is durable.
    sources(eventlog::event_log& log, const eventlog::topic_names& topics,
            std::function<void()> wake);
    ~sources();  // stops watching
    sources(const sources&) = delete;
    sources& operator=(const sources&) = delete;

    void add_status(const store::kv& state);
    void add_queue(const store::kv& state, const model::queue_name& queue, std::int32_t priorities);
    /// False when the stored offsets are of another log than this one: everything must be rebuilt.
    bool agree_with_log() const { return agree_; }
    /// Starts every partition from its first record again.
    void start_over();

    /// The source whose next record is the oldest; null when all that there is was read. `until`:
    /// the timestamp of the next oldest, up to which this source may be read without asking again.
    source* oldest(instant& until);
    /// The front of `read_ahead` was folded.
    void folded(source& s);

    /// All that was folded survives a power cut.
    bool all_durable() const;
    void write_offsets(store::kv& state);
    const std::vector<std::unique_ptr<source>>& all() const { return all_; }
    std::int64_t lag() const;
    bool caught_up() const;
    bool reached(const model::position& p) const;
    /// The last record of each partition of which not all is folded.
    std::vector<model::position> ends() const;

    /// Why reading had to stop; empty while it goes on.
    const std::string& failure() const { return failure_; }

private:
    void add(const store::kv& state, std::unique_ptr<source> s);
    void place_at_stored(const store::kv& state, source& s, const eventlog::partition_range& r);
    void fill(source& s);

    eventlog::event_log& log_;
    const eventlog::topic_names& topics_;
    const std::function<void()> wake_;
    std::vector<std::unique_ptr<source>> all_;
    bool agree_ = true;
    std::string failure_;
};

}  // namespace kwq::tracker
