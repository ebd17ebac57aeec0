// brittle_disk: a file system for RocksDB whose power can be cut and whose calls can be made to
// fail. It pretends to sync, slowly, and remembers what that would have made safe: of each file the
// bytes, of each directory the entries. After a cut a file keeps what was synced and perhaps some
// of the rest, with a torn end; entries made, renamed or removed since their directory was synced
// are perhaps as they were.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::crash {

enum class disk_call : std::uint8_t {
    open,
    append,
    sync,
    rename,
    remove,
    make_directory,
    truncate,
    sync_directory,
};
std::string_view to_string(disk_call c);

/// Which call fails, and how.
struct call_failure {
    std::int64_t number = INT64_MAX;  // from 1
    bool no_space = false;            // ENOSPC; else EIO
    bool all_later = false;           // the disk stays broken
};

/// What a cut did, for the report.
struct cut_losses {
    std::uint64_t files_cut = 0;  // lost bytes
    std::uint64_t torn = 0;       // of them, with a spoilt end
    std::uint64_t entries_undone = 0;
};

class brittle_disk final : public rocksdb::FileSystemWrapper {
public:
    /// What is undone after a cut is kept in `attic` until then: a directory of the disk's own.
    brittle_disk(const std::string& attic, std::uint64_t seed, milliseconds slowest_sync);
    const char* Name() const override { return "brittle_disk"; }
    rocksdb::Env* env() { return env_.get(); }

    void fail_call(const call_failure& f) { failure_ = f; }
    std::int64_t calls() const { return calls_; }
    /// The call that was made to fail, with its file; empty: none was.
    std::string failed_call() const;

    /// From now on every call hangs for ever; what was under way is over when it returns.
    void cut_power();
    /// After cut_power(): leaves the files as a real disk might.
    cut_losses lose_unsynced();

    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus ReopenWritableFile(const std::string& name,
                                         const rocksdb::FileOptions& options,
                                         std::unique_ptr<rocksdb::FSWritableFile>* file,
                                         rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                   std::unique_ptr<rocksdb::FSDirectory>* directory,
                                   rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                                 const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus CreateDir(const std::string& name, const rocksdb::IOOptions& options,
                                rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus CreateDirIfMissing(const std::string& name, const rocksdb::IOOptions& options,
                                         rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus Truncate(const std::string& name, std::size_t size,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

    // ---- for its files and directories ----
    /// Holds the power off while a call is under way; waits for ever once it is off.
    std::shared_lock<std::shared_mutex> begin();
    /// Whether the call may go through; counts it.
    rocksdb::IOStatus permit(disk_call what, const std::string& name);
    void appended(const std::string& name, std::uint64_t bytes);
    void sync_file(const std::string& name);
    void sync_directory(const std::string& name);

private:
    struct file_state {
        std::uint64_t written = 0;
        std::uint64_t synced = 0;
    };
    enum class entry_change : std::uint8_t { made, renamed, removed };
    struct pending_change {
        entry_change what = entry_change::made;
        std::string name;   // made, removed; renamed: the new name
        std::string from;   // renamed
        std::string saved;  // in the attic: what had the name before, or was removed
        file_state before;  // of that
    };
    static std::string directory_of(const std::string& name);
    std::string save(const std::string& name);
    void note(pending_change change);
    void pretend_to_take_time();
    void undo(const pending_change& change);
    void cut_file(const std::string& name, const file_state& state, cut_losses& losses);

    const std::string attic_;
    const milliseconds slowest_sync_;
    std::unique_ptr<rocksdb::Env> env_;
    std::shared_mutex power_;
    std::unique_lock<std::shared_mutex> off_{power_, std::defer_lock};
    std::atomic<std::int64_t> calls_ = 0;
    call_failure failure_;
    mutable std::mutex mutex_;
    std::condition_variable never_;
    std::string failed_;                                          // under mutex_
    std::map<std::string, file_state> files_;                     // under mutex_
    std::map<std::string, std::vector<pending_change>> pending_;  // under mutex_, by directory
    std::uint64_t saved_ = 0;                                     // under mutex_
    seeded_random random_;                                        // under mutex_
};

}  // namespace kwq::crash
