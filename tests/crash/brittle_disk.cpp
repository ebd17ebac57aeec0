// What the disk lets through, what it remembers, and what a cut leaves.
#include "brittle_disk.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace kwq::crash {

namespace {

namespace fs = std::filesystem;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr std::uint64_t sector = 512;

class brittle_file final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    brittle_file(brittle_disk& disk, std::string name,
                 std::unique_ptr<rocksdb::FSWritableFile> file)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

    using FSWritableFileOwnerWrapper::Append;
    IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
        const auto on = disk_.begin();
        if (auto refused = disk_.permit(disk_call::append, name_); !refused.ok()) {
            return refused;
        }
        auto status = FSWritableFileOwnerWrapper::Append(data, options, debug);
        disk_.appended(name_, data.size());
        return status;
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions& options,
                      IODebugContext* debug) override {
        const auto on = disk_.begin();
        if (auto refused = disk_.permit(disk_call::truncate, name_); !refused.ok()) {
            return refused;
        }
        return FSWritableFileOwnerWrapper::Truncate(size, options, debug);
    }
    IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
        return pretend();
    }
    IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
        return pretend();
    }

private:
    IOStatus pretend() {
        {
            const auto on = disk_.begin();
            if (auto refused = disk_.permit(disk_call::sync, name_); !refused.ok()) {
                return refused;
            }
        }
        disk_.sync_file(name_);
        return IOStatus::OK();
    }

    brittle_disk& disk_;
    const std::string name_;
};

class brittle_directory final : public rocksdb::FSDirectoryWrapper {
public:
    brittle_directory(brittle_disk& disk, std::string name,
                      std::unique_ptr<rocksdb::FSDirectory> directory)
        : FSDirectoryWrapper(std::move(directory)), disk_(disk), name_(std::move(name)) {}

    IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
        return pretend();
    }
    IOStatus FsyncWithDirOptions(const IOOptions& /*options*/, IODebugContext* /*debug*/,
                                 const rocksdb::DirFsyncOptions& /*how*/) override {
        return pretend();
    }

private:
    IOStatus pretend() {
        {
            const auto on = disk_.begin();
            if (auto refused = disk_.permit(disk_call::sync_directory, name_); !refused.ok()) {
                return refused;
            }
        }
        disk_.sync_directory(name_);
        return IOStatus::OK();
    }

    brittle_disk& disk_;
    const std::string name_;
};

std::string clean(const std::string& name) {
    auto text = fs::path(name).lexically_normal().string();
    if (text.size() > 1 && text.back() == '/') {
        text.pop_back();
    }
    return text;
}

}  // namespace

std::string_view to_string(disk_call c) {
    switch (c) {
        case disk_call::open: return "open";
        case disk_call::append: return "append";
        case disk_call::sync: return "sync";
        case disk_call::rename: return "rename";
        case disk_call::remove: return "remove";
        case disk_call::make_directory: return "mkdir";
        case disk_call::truncate: return "truncate";
        case disk_call::sync_directory: return "sync of a directory";
    }
    return "?";
}

brittle_disk::brittle_disk(const std::string& attic, std::uint64_t seed, milliseconds slowest_sync)
    : FileSystemWrapper(rocksdb::FileSystem::Default()),
      attic_(attic),
      slowest_sync_(slowest_sync),
      // RocksDB takes a shared_ptr; the disk outlives it, so that one owns nothing.
      env_(rocksdb::NewCompositeEnv(std::shared_ptr<rocksdb::FileSystem>(
          std::shared_ptr<void>(), static_cast<rocksdb::FileSystem*>(this)))),
      random_(seed) {
    fs::remove_all(attic_);
    fs::create_directories(attic_);
}

std::shared_lock<std::shared_mutex> brittle_disk::begin() {
    return std::shared_lock(power_);
}

std::string brittle_disk::failed_call() const {
    const std::lock_guard lock(mutex_);
    return failed_;
}

IOStatus brittle_disk::permit(disk_call what, const std::string& name) {
    const auto number = ++calls_;
    const bool fails = failure_.all_later ? number >= failure_.number : number == failure_.number;
    if (!fails) {
        return IOStatus::OK();
    }
    const std::lock_guard lock(mutex_);
    if (failed_.empty()) {
        failed_ = std::string(to_string(what)) + " " + name;
    }
    return failure_.no_space ? IOStatus::NoSpace("the test's disk is full")
                             : IOStatus::IOError("the test's disk fails");
}

void brittle_disk::appended(const std::string& name, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    files_[clean(name)].written += bytes;
}

void brittle_disk::pretend_to_take_time() {
    std::unique_lock lock(mutex_);
    const auto limit = static_cast<std::uint64_t>(slowest_sync_.count()) * 1'000 + 1;
    const std::chrono::microseconds some{random_.below(limit)};
    never_.wait_for(lock, some, [] { return false; });
}

/// Safe is what was written before it began.
void brittle_disk::sync_file(const std::string& name) {
    std::uint64_t written = 0;
    {
        const std::lock_guard lock(mutex_);
        written = files_[clean(name)].written;
    }
    pretend_to_take_time();
    const auto on = begin();
    const std::lock_guard lock(mutex_);
    auto& state = files_[clean(name)];
    state.synced = std::max(state.synced, written);
}

void brittle_disk::sync_directory(const std::string& name) {
    pretend_to_take_time();
    const auto on = begin();
    const std::lock_guard lock(mutex_);
    auto& changes = pending_[clean(name)];
    for (const auto& change : changes) {
        if (!change.saved.empty()) {
            fs::remove(change.saved);
        }
    }
    changes.clear();
}

// ---- entries ------------------------------------------------------------------------------------

std::string brittle_disk::directory_of(const std::string& name) {
    return fs::path(name).parent_path().string();
}

/// Keeps what has this name now; empty when nothing has.
std::string brittle_disk::save(const std::string& name) {
    std::error_code failed;
    const auto saved = attic_ + "/" + std::to_string(++saved_);
    fs::create_hard_link(name, saved, failed);
    return failed ? std::string() : saved;
}

void brittle_disk::note(pending_change change) {
    pending_[directory_of(change.name)].push_back(std::move(change));
}

IOStatus brittle_disk::NewWritableFile(const std::string& name, const FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       IODebugContext* debug) {
    const auto on = begin();
    if (auto refused = permit(disk_call::open, name); !refused.ok()) {
        return refused;
    }
    const bool fresh = !fs::exists(name);
    std::unique_ptr<rocksdb::FSWritableFile> real;
    auto status = FileSystemWrapper::NewWritableFile(name, options, &real, debug);
    if (status.ok()) {
        const std::lock_guard lock(mutex_);
        files_[clean(name)] = {};
        if (fresh) {
            note({entry_change::made, clean(name), {}, {}, {}});
        }
        *file = std::make_unique<brittle_file>(*this, name, std::move(real));
    }
    return status;
}

IOStatus brittle_disk::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file,
                                          IODebugContext* debug) {
    const auto on = begin();
    if (auto refused = permit(disk_call::open, name); !refused.ok()) {
        return refused;
    }
    std::unique_ptr<rocksdb::FSWritableFile> real;
    auto status = FileSystemWrapper::ReopenWritableFile(name, options, &real, debug);
    if (status.ok()) {
        const std::lock_guard lock(mutex_);
        if (files_.count(clean(name)) == 0) {
            files_[clean(name)] = {fs::file_size(name), fs::file_size(name)};
        }
        *file = std::make_unique<brittle_file>(*this, name, std::move(real));
    }
    return status;
}

IOStatus brittle_disk::NewDirectory(const std::string& name, const IOOptions& options,
                                    std::unique_ptr<rocksdb::FSDirectory>* directory,
                                    IODebugContext* debug) {
    std::unique_ptr<rocksdb::FSDirectory> real;
    auto status = FileSystemWrapper::NewDirectory(name, options, &real, debug);
    if (status.ok()) {
        *directory = std::make_unique<brittle_directory>(*this, name, std::move(real));
    }
    return status;
}

IOStatus brittle_disk::RenameFile(const std::string& from, const std::string& to,
                                  const IOOptions& options, IODebugContext* debug) {
    const auto on = begin();
    if (auto refused = permit(disk_call::rename, to); !refused.ok()) {
        return refused;
    }
    const std::lock_guard lock(mutex_);
    pending_change change{entry_change::renamed, clean(to), clean(from), save(to), {}};
    auto status = FileSystemWrapper::RenameFile(from, to, options, debug);
    if (status.ok()) {
        change.before = files_[clean(to)];
        files_[clean(to)] = files_[clean(from)];
        files_.erase(clean(from));
        note(std::move(change));
    }
    return status;
}

IOStatus brittle_disk::DeleteFile(const std::string& name, const IOOptions& options,
                                  IODebugContext* debug) {
    const auto on = begin();
    if (auto refused = permit(disk_call::remove, name); !refused.ok()) {
        return refused;
    }
    const std::lock_guard lock(mutex_);
    pending_change change{entry_change::removed, clean(name), {}, save(name), {}};
    auto status = FileSystemWrapper::DeleteFile(name, options, debug);
    if (status.ok()) {
        change.before = files_[clean(name)];
        files_.erase(clean(name));
        note(std::move(change));
    }
    return status;
}

IOStatus brittle_disk::CreateDir(const std::string& name, const IOOptions& options,
                                 IODebugContext* debug) {
    const auto on = begin();
    auto refused = permit(disk_call::make_directory, name);
    return refused.ok() ? FileSystemWrapper::CreateDir(name, options, debug) : refused;
}

IOStatus brittle_disk::CreateDirIfMissing(const std::string& name, const IOOptions& options,
                                          IODebugContext* debug) {
    const auto on = begin();
    auto refused = permit(disk_call::make_directory, name);
    return refused.ok() ? FileSystemWrapper::CreateDirIfMissing(name, options, debug) : refused;
}

IOStatus brittle_disk::Truncate(const std::string& name, std::size_t size, const IOOptions& options,
                                IODebugContext* debug) {
    const auto on = begin();
    auto refused = permit(disk_call::truncate, name);
    return refused.ok() ? FileSystemWrapper::Truncate(name, size, options, debug) : refused;
}

// ---- the cut ------------------------------------------------------------------------------------

void brittle_disk::cut_power() {
    off_.lock();
}

void brittle_disk::undo(const pending_change& change) {
    std::error_code ignored;  // an entry that a later undone change has taken along
    switch (change.what) {
        case entry_change::made:
            fs::remove(change.name, ignored);
            files_.erase(change.name);
            return;
        case entry_change::renamed:
            fs::rename(change.name, change.from, ignored);
            files_[change.from] = files_[change.name];
            files_.erase(change.name);
            break;
        case entry_change::removed: break;
    }
    if (!change.saved.empty()) {
        fs::rename(change.saved, change.name, ignored);
        files_[change.name] = change.before;
    }
}

/// All of the rest, none of it, or some; the last sector of it perhaps never arrived.
void brittle_disk::cut_file(const std::string& name, const file_state& state, cut_losses& losses) {
    std::error_code gone;
    const std::uint64_t size = fs::file_size(name, gone);
    if (gone || state.written <= state.synced) {
        return;
    }
    const auto rest = state.written - state.synced;
    const auto draw = random_.below(4);
    const auto kept = state.synced + (draw == 0 ? 0 : draw == 1 ? rest : random_.below(rest + 1));
    if (kept < size) {
        fs::resize_file(name, kept);
        ++losses.files_cut;
    }
    if (kept > state.synced && random_.below(3) == 0) {
        const auto from = std::max(state.synced, (kept - 1) / sector * sector);
        std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(from));
        file << std::string(kept - from, '\0');
        ++losses.torn;
    }
}

cut_losses brittle_disk::lose_unsynced() {
    const std::lock_guard lock(mutex_);
    cut_losses losses;
    for (auto& [directory, changes] : pending_) {
        const auto kept = random_.below(changes.size() + 1);
        while (changes.size() > kept) {
            undo(changes.back());
            changes.pop_back();
            ++losses.entries_undone;
        }
    }
    for (const auto& [name, state] : files_) {
        cut_file(name, state, losses);
    }
    fs::remove_all(attic_);
    return losses;
}

}  // namespace kwq::crash
