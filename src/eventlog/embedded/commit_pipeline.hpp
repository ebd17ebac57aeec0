// commit_pipeline: how appends reach the disk. One writer at a time takes everything queued, gives
// it offsets and writes it as one batch; the syncer makes durable whatever has been written by the
// time it looks. So one sync serves all that came during the last one, and an ordered append never
// waits for the disk. In numbered steps:
//
//   1. append: encode, queue                                    caller's thread
//   2. offsets, one write into the operating system's hands      writer
//   3. visible; watchers called, ordered appends are answered    writer
//   4. sync, if any append of the group wants it or it is time   syncer
//   5. durable; synced appends are answered, watchers called     syncer
//
// The writer is whoever appends something small while nobody writes and little has come lately:
// waking another thread would take longer than the write. All else is the writer thread's, which
// writes for many at once.
//
// The first failed write ends it: that group is answered errc::unknown, all later ones
// errc::stopped, nothing is tried again.
#pragma once

#include "base/clock.hpp"
#include "base/run_loop.hpp"
#include "eventlog/embedded/log_storage.hpp"
#include "eventlog/embedded/partition_log.hpp"
#include "eventlog/event_log.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace kwq::eventlog {

struct pending_append {
    partition_log* to = nullptr;  // null: nothing to write, only wait for what came before
    std::vector<log_record> records;
    std::vector<std::string> rows;  // the same, encoded but not sealed
    std::size_t bytes = 0;          // as admitted
    durability how = durability::synced;
    event_log::append_callback done;
};

struct pipeline_config {
    std::string directory;            // whose file system must keep `reserve_bytes` free
    std::uint64_t reserve_bytes = 0;  // its last quarter is nobody's
    milliseconds sync_interval = eventlog::sync_interval;
    std::function<void(std::string)> on_stop;
};

class commit_pipeline {
public:
    commit_pipeline(const pipeline_config& config, const clock& time, log_storage& storage);
    ~commit_pipeline();  // writes and syncs what is queued

    /// Takes room for an append of that many bytes, or says why there is none. Then append().
    std::optional<log_error> admit(std::size_t bytes);
    void append(pending_append what);
    /// Calls `done` with an error on the writer's thread.
    void refuse(event_log::append_callback done, log_error why);
    /// Calls a new watcher for the first time, on the writer's thread.
    void greet(partition_log& where, const std::string& watcher);
    /// A write failed: takes nothing more. The first call tells on_stop, at once.
    void fail(const std::string& why);
    /// The same from a thread that must not be kept: told from the writer's.
    void fail_later(const std::string& why);
    bool stopped() const { return stopped_; }
    /// What a partition may keep of its newest records; follows the number of partitions.
    void set_recent_limit(std::size_t bytes) { recent_limit_ = bytes; }

private:
    struct waiting_append {
        offset first;
        event_log::append_callback done;
    };
    struct moved_end {
        partition_log* partition;
        offset end;
    };
    using group = std::vector<pending_append>;

    bool note_append(mono_time now);
    void tell_stopped(const std::string& why);
    // writer
    void write_once();
    void hand_over();
    void write(group all);
    void write_group(group g);
    std::vector<moved_end> place(group& g);
    void publish(group g, std::vector<moved_end> moved);
    void refuse_without_room(group& g);
    std::uint64_t free_bytes();
    // syncer
    void want_sync(const std::vector<moved_end>& moved, std::vector<waiting_append> waiting);
    std::optional<mono_time> sync_when_due();
    void sync_now();

    const pipeline_config config_;
    const clock& time_;
    log_storage& storage_;
    std::atomic<bool> stopped_ = false;
    std::atomic<std::size_t> unwritten_bytes_ = 0;
    std::atomic<std::size_t> recent_limit_ = 0;
    std::mutex queue_mutex_;
    group queued_;            // under queue_mutex_; empty while nobody writes
    bool writing_ = false;    // under queue_mutex_: somebody is the writer
    mono_time period_{};      // under queue_mutex_, as the next two
    int appends_ = 0;         // in this period
    int appends_before_ = 0;  // in the one before
    // writer's
    std::optional<mono_time> free_asked_;
    std::uint64_t free_bytes_ = 0;
    std::mutex sync_mutex_;
    std::vector<moved_end> dirty_;         // under sync_mutex_, as the next two
    std::vector<waiting_append> waiting_;  // for the next sync
    mono_time dirty_since_{};
    // last: their threads use all of the above
    run_loop syncer_;
    run_loop writer_;
};

}  // namespace kwq::eventlog
