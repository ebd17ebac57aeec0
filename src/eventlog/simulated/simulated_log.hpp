// The simulated log: an event_log in memory that does nothing until it is stepped, and goes wrong
// in the ways its options say. One thread; the same seed and the same calls give the same history.
//
// A step is one thing a real log does by itself: an append gets its place, a sync ends, one
// callback runs. Which one is chosen at random among what is possible; the contract's orders always
// hold.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "eventlog/event_log.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kwq::eventlog {

/// What goes wrong, and which promise each tests. Chances are for each append, of 1,000.
struct simulated_faults {
    /// Gets its place up to `delay_steps` later, and with it all that follow in its partition:
    /// nobody may act on an event before it is read back.
    std::uint32_t delayed = 0;
    /// Answered errc::unknown, though it may have happened (half of them do): a caller may repeat
    /// it, an owner must claim again before it decides.
    std::uint32_t unknown = 0;
    /// After such an answer the log takes nothing more, as the embedded one; otherwise it goes on,
    /// as Kafka does.
    bool unknown_stops = false;
    /// Has its place, but its answer comes up to `delay_steps` later, after answers of other
    /// partitions and after it could be read: readers must not wait for the appender to know.
    std::uint32_t late_answer = 0;
    std::uint32_t delay_steps = 20;
    /// Refused errc::storage_full, nothing appended: is told to the caller, and nothing else stops.
    std::uint32_t storage_full = 0;
    /// A power cut keeps a random part of what was not durable (false: nothing of it), record by
    /// record in the order in which they became visible, so it may end inside an append: nothing
    /// beyond the durable end may be relied on, nor that it is gone.
    bool power_cut_tears = true;
};

enum class crash_kind : std::uint8_t {
    process,    // what has its place stays, what has not is gone
    power_cut,  // only what was durable stays for certain
};

class simulated_log final : public event_log {
public:
    /// Both outlive the log.
    simulated_log(const clock& time, random_source& random);

    void set_faults(const simulated_faults& faults) { faults_ = faults; }
    /// How often each fault struck.
    struct struck {
        std::uint64_t delays = 0, unknown = 0, stops = 0, full = 0;
    };
    const struck& faults_struck() const { return struck_; }

    /// Does one thing; false if there is none to do now (a later time may bring one: the sync of
    /// ordered appends).
    bool step();
    void run_until_quiet();
    /// Is there something for step() to do now, and when will there be if not?
    bool is_busy() const { return !active_.empty() || sync_due(); }
    std::optional<mono_time> next_sync() const;
    /// The process dies: callbacks and watchers are forgotten uncalled. Topics and records stay as
    /// the kind of crash leaves them, and the log can be used again at once.
    void crash(crash_kind kind);

    result<void> ensure_topic(const std::string& topic, std::int32_t partitions) override;
    void append(const topic_partition& where, std::vector<new_record> batch, durability how,
                append_callback done) override;
    result<std::vector<log_record>> read(const topic_partition& where, offset from,
                                         std::size_t max_bytes) override;
    result<partition_range> range(const topic_partition& where) override;
    result<void> trim(const topic_partition& where, offset before) override;
    void watch(const topic_partition& where, const std::string& name,
               watch_callback on_move) override;
    /// Places and syncs everything at once; the callbacks still wait for steps.
    result<void> flush() override;

private:
    struct arriving {
        std::vector<new_record> batch;
        std::size_t bytes = 0;
        durability how = durability::synced;
        append_callback done;
        std::uint32_t delay = 0;
    };
    struct pending_answer {
        append_callback done;
        result<offset> value;
        durability how = durability::synced;
        std::optional<offset> last = std::nullopt;  // waits until all watchers know of this one
        std::optional<offset> once_durable;         // waits until the durable end is above this one
        std::uint32_t delay = 0;
    };
    struct watcher {
        watch_callback call;
        bool due = true;
        offset heard{0};  // the end it was last told
    };
    struct partition {
        offset first{0};
        offset durable{0};
        std::deque<log_record> records;   // from `first` on
        std::deque<std::uint64_t> order;  // of each, among the records of all partitions
        std::deque<arriving> queue;
        std::deque<pending_answer> answers;
        std::map<std::string, watcher> watchers;
        bool is_active = false;  // among active_

        offset end() const;
        partition_range range() const;
        bool is_idle() const;
        bool all_heard(offset of) const;
    };
    /// One thing that step() may do.
    struct action {
        enum class kind : std::uint8_t { place, answer, tell, sync };
        kind what = kind::place;
        partition* where = nullptr;
        std::size_t answer = 0;
        std::string watcher;
    };

    partition* find(const topic_partition& where);
    bool chance(std::uint32_t of_1000);
    std::uint32_t some_delay(std::uint32_t of_1000);
    void count_down();
    void find_possible();
    void add_partition_actions(partition& p);
    void carry_out(const action& a);
    bool sync_due() const;
    void activate(partition& p);
    void moved(partition& p);

    void place(partition& p);
    void place_records(partition& p, arriving& a);
    void answer_next(partition& p, std::size_t index);
    void sync();
    void stop();
    void refuse(partition& p, append_callback done, errc code, const std::string& why);

    const clock& time_;
    random_source& random_;
    simulated_faults faults_;
    struck struck_;
    std::map<std::string, std::deque<partition>> topics_;
    partition nowhere_;               // answers for partitions that do not exist
    std::vector<partition*> active_;  // something waits there
    std::vector<action> possible_;    // kept, so that a step need not allocate
    std::uint64_t next_order_ = 0;
    std::uint64_t synced_order_ = 0;  // everything before it is durable
    std::size_t unwritten_bytes_ = 0;
    std::optional<mono_time> dirty_since_;
    bool sync_wanted_ = false;
    bool stopped_ = false;
};

}  // namespace kwq::eventlog
