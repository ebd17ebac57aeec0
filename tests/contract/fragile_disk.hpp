// fragile_disk: a file system for RocksDB that can be told to fail, and whose power can be cut. It
// knows what was synced of each file; after a cut a file keeps that and a random part of the rest.
#pragma once

#include "base/random.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace kwq::eventlog::contract {

enum class disk_operation : std::uint8_t { append, sync };

class fragile_disk final : public rocksdb::FileSystemWrapper {
public:
    fragile_disk();
    const char* Name() const override { return "fragile_disk"; }
    rocksdb::Env* env() { return env_.get(); }

    /// Files whose names end so fail at `what` from now on; an empty ending: all.
    void fail(disk_operation what, const std::string& ending);
    /// The n-th append or sync from now fails, and all after it.
    void fail_after(std::int64_t operations) { left_ = operations; }
    std::int64_t operations() const { return operations_; }

    /// Nothing gets through from now on. Then, when nobody has the files open: what a cut leaves.
    void cut_power() { left_ = 0; }
    void lose_unsynced(random_source& random);

    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                                 const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override;

    /// For its files: whether the operation may go through.
    rocksdb::IOStatus permit(disk_operation what, const std::string& name);
    void appended(const std::string& name, std::uint64_t bytes);
    void synced(const std::string& name);

private:
    struct file_state {
        std::uint64_t written = 0;
        std::uint64_t synced = 0;
    };

    std::unique_ptr<rocksdb::Env> env_;
    std::mutex mutex_;
    std::map<std::string, file_state> files_;        // under mutex_
    std::map<disk_operation, std::string> failing_;  // under mutex_
    std::atomic<std::int64_t> left_ = INT64_MAX;
    std::atomic<std::int64_t> operations_ = 0;
};

}  // namespace kwq::eventlog::contract
