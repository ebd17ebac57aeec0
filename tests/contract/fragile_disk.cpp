// The file system that fails when told to, and what its files let through.
#include "fragile_disk.hpp"

#include <filesystem>

namespace kwq::eventlog::contract {

namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class fragile_file final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    fragile_file(fragile_disk& disk, std::string name,
                 std::unique_ptr<rocksdb::FSWritableFile> file)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

    using FSWritableFileOwnerWrapper::Append;
    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
        if (auto refused = disk_.permit(disk_operation::append, name_); !refused.ok()) {
            return refused;
        }
        disk_.appended(name_, data.size());
        return FSWritableFileOwnerWrapper::Append(data, options, debug);
    }
    // The real disk is not asked: what it would keep is what this one says it keeps.
    IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
        return pretend_sync();
    }
    IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
        return pretend_sync();
    }

private:
    IOStatus pretend_sync() {
        if (auto refused = disk_.permit(disk_operation::sync, name_); !refused.ok()) {
            return refused;
        }
        disk_.synced(name_);
        return IOStatus::OK();
    }

    fragile_disk& disk_;
    const std::string name_;
};

}  // namespace

fragile_disk::fragile_disk()
    : FileSystemWrapper(rocksdb::FileSystem::Default()),
      // RocksDB takes a shared_ptr; the disk outlives it, so that one owns nothing.
      env_(rocksdb::NewCompositeEnv(std::shared_ptr<rocksdb::FileSystem>(
          std::shared_ptr<void>(), static_cast<rocksdb::FileSystem*>(this)))) {}

void fragile_disk::fail(disk_operation what, const std::string& ending) {
    const std::lock_guard lock(mutex_);
    failing_[what] = ending;
}

IOStatus fragile_disk::permit(disk_operation what, const std::string& name) {
    ++operations_;
    const bool exhausted = left_ <= 0 || --left_ < 0;
    const std::lock_guard lock(mutex_);
    const auto rule = failing_.find(what);
    if (exhausted || (rule != failing_.end() && name.ends_with(rule->second))) {
        return IOStatus::IOError("the test's disk fails");
    }
    return IOStatus::OK();
}

void fragile_disk::appended(const std::string& name, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    files_[name].written += bytes;
}

void fragile_disk::synced(const std::string& name) {
    const std::lock_guard lock(mutex_);
    files_[name].synced = files_[name].written;
}

void fragile_disk::lose_unsynced(random_source& random) {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, state] : files_) {
        std::error_code failed;
        const auto size = std::filesystem::file_size(name, failed);
        const auto kept = state.synced + random.below(state.written - state.synced + 1);
        if (!failed && size > kept) {
            std::filesystem::resize_file(name, kept);
        }
    }
}

IOStatus fragile_disk::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       IODebugContext* debug) {
    std::unique_ptr<rocksdb::FSWritableFile> real;
    auto status = FileSystemWrapper::NewWritableFile(name, options, &real, debug);
    if (status.ok()) {
        const std::lock_guard lock(mutex_);
        files_[name] = {};
        *file = std::make_unique<fragile_file>(*this, name, std::move(real));
    }
    return status;
}

IOStatus fragile_disk::RenameFile(const std::string& from, const std::string& to,
                                  const IOOptions& options, IODebugContext* debug) {
    auto status = FileSystemWrapper::RenameFile(from, to, options, debug);
    if (status.ok()) {
        const std::lock_guard lock(mutex_);
        if (const auto known = files_.find(from); known != files_.end()) {
            files_[to] = known->second;
            files_.erase(known);
        }
    }
    return status;
}

}  // namespace kwq::eventlog::contract
