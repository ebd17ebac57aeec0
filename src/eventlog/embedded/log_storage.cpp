// The embedded log's rows in RocksDB. The settings and their reasons are in log_options.cpp.
#include "eventlog/embedded/log_storage.hpp"

#include "base/assert.hpp"
#include "eventlog/embedded/log_options.hpp"
#include "eventlog/embedded/write_ahead_scan.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace kwq::eventlog {

namespace {

// Rows of the log's own: topic number 0, then a letter.
constexpr partition_key own_rows{0, 0};
constexpr std::int64_t last_offset = INT64_MAX;

rocksdb::Slice slice(std::string_view text) {
    return {text.data(), text.size()};
}

std::string_view view(const rocksdb::Slice& s) {
    return {s.data(), s.size()};
}

failure failure_of(const rocksdb::Status& status) {
    return status.ok() ? std::nullopt : failure(status.ToString());
}

log_error read_error(const rocksdb::Status& status) {
    return {status.IsCorruption() ? errc::corrupt : errc::unknown, status.ToString()};
}

std::string own_key(char kind, std::string_view rest) {
    return row_key(own_rows, offset{0}) + kind + std::string(rest);
}

std::string offset_key(char kind, const partition_key& where) {
    return own_key(kind, row_key(where, offset{0}));
}

std::string topic_value(const stored_topic& topic) {
    return std::to_string(topic.number) + " " + std::to_string(topic.partitions);
}

std::optional<stored_topic> parse_topic(std::string_view name, std::string_view value) {
    stored_topic topic{.name = std::string(name)};
    const char* const end = value.data() + value.size();
    const auto number = std::from_chars(value.data(), end, topic.number);
    if (number.ec != std::errc() || number.ptr == end || *number.ptr != ' ') {
        return std::nullopt;
    }
    const auto partitions = std::from_chars(number.ptr + 1, end, topic.partitions);
    if (partitions.ec != std::errc() || partitions.ptr != end || topic.partitions < 1) {
        return std::nullopt;
    }
    return topic;
}

std::optional<offset> parse_offset(std::string_view text) {
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    return parsed.ec == std::errc() && value >= 0 ? std::optional(offset{value}) : std::nullopt;
}

class rocksdb_log final : public log_storage {
public:
    explicit rocksdb_log(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
    /// Opened for reading: RocksDB takes no lock then, so we hold one.
    rocksdb_log(std::unique_ptr<rocksdb::DB> db, rocksdb::FileLock* lock)
        : db_(std::move(db)), lock_(lock) {}
    ~rocksdb_log() override {
        if (lock_ != nullptr) {
            rocksdb::Env::Default()->UnlockFile(lock_);
        }
    }
    rocksdb_log(const rocksdb_log&) = delete;
    rocksdb_log& operator=(const rocksdb_log&) = delete;

    result<std::vector<stored_topic>> topics() override {
        std::vector<stored_topic> found;
        const auto prefix = own_key('t', "");
        const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
        for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
            auto topic = parse_topic(view(it->key()).substr(prefix.size()), view(it->value()));
            if (!topic) {
                return log_error{errc::corrupt, "the table of topics cannot be read"};
            }
            found.push_back(std::move(*topic));
        }
        if (!it->status().ok()) {
            return read_error(it->status());
        }
        return found;
    }

    failure add_topic(const stored_topic& topic) override {
        return failure_of(db_->Put(synced(), own_key('t', topic.name), topic_value(topic)));
    }

    result<partition_range> recover(const partition_key& where) override {
        auto range = look(where);
        if (range.has_error()) {
            return range;
        }
        if (auto cut = cut_from(where, range->end)) {
            return *cut;
        }
        if (auto failed = sync()) {
            return log_error{errc::cannot_open, *failed};
        }
        range->durable = range->end;
        return range;
    }

    result<partition_range> look(const partition_key& where) override {
        const auto first = stored_offset('f', where);
        const auto durable = stored_offset('d', where);
        const auto end = stored_end(where);
        for (const auto* r : {&first, &durable, &end}) {
            if (r->has_error()) {
                return r->error();
            }
        }
        const auto kept = std::max(*durable, *first);
        const auto gap = find_gap(where, kept, std::max(*end, *first));
        if (gap.has_error()) {
            return gap.error();
        }
        return partition_range{*first, *gap, kept};
    }

    void put(const partition_key& where, offset at, std::string_view sealed) override {
        must(batch_.Put(row_key(where, at), slice(sealed)));
    }

    void put_watermark(const partition_key& where, offset durable) override {
        must(batch_.Put(offset_key('d', where), std::to_string(durable.value())));
    }

    failure write() override {
        rocksdb::WriteOptions how;
        how.sync = false;
        const auto status = db_->Write(how, &batch_);
        batch_.Clear();
        write_failed_ = write_failed_ || !status.ok();
        return failure_of(status);
    }

    failure sync() override {
        // RocksDB asserts that no file is touched after a write to it failed, and lets a sync
        // through.
        if (write_failed_) {
            return "a write before it failed";
        }
        return failure_of(db_->FlushWAL(true));
    }

    /// Is every record there of which a row `d` says that it was durable?
    bool holds_durable(std::string_view key, std::string_view value) {
        const auto where = row_partition(key.substr(key.size() - row_key(own_rows, {}).size()));
        const auto durable = parse_offset(value);
        const auto first = stored_offset('f', where);
        const auto end = stored_end(where);
        return durable.has_value() && first.has_value() && end.has_value() &&
               *durable <= std::max(*first, *end);
    }

    result<std::vector<log_record>> read(const partition_key& where, offset from, offset end,
                                         std::size_t max_bytes) override {
        const auto stop = row_key(where, end);
        const auto upper = slice(stop);
        const std::unique_ptr<rocksdb::Iterator> it(
            db_->NewIterator(read_options(upper, max_bytes)));
        std::vector<log_record> found;
        std::size_t bytes = 0;
        offset expected = from;
        for (it->Seek(row_key(where, from)); expected < end; it->Next()) {
            auto row = check_row(*it, expected);
            if (row.has_error()) {
                return found.empty() ? result<std::vector<log_record>>(row.error()) : found;
            }
            bytes += size_of(*row);
            if (!found.empty() && bytes > max_bytes) {
                break;
            }
            found.push_back(std::move(*row));
            expected = offset{expected.value() + 1};
        }
        return found;
    }

    failure trim(const partition_key& where, offset before) override {
        const auto begin = row_key(where, offset{0});
        const auto end = row_key(where, before);
        rocksdb::WriteBatch batch;
        must(batch.Put(offset_key('f', where), std::to_string(before.value())));
        must(batch.DeleteRange(begin, end));
        if (const auto status = db_->Write(synced(), &batch); !status.ok()) {
            return status.ToString();
        }
        // Whole files at once give space back now; what is left goes with the next compaction.
        const rocksdb::Slice first(begin);
        const rocksdb::Slice last(end);
        return failure_of(rocksdb::DeleteFilesInRange(db_.get(), db_->DefaultColumnFamily(), &first,
                                                      &last, false));
    }

private:
    static rocksdb::WriteOptions synced() {
        rocksdb::WriteOptions how;
        how.sync = true;
        return how;
    }

    /// A batch in memory refuses only what we composed wrongly.
    static void must(const rocksdb::Status& status) { KWQ_ASSERT(status.ok()); }

    static rocksdb::ReadOptions read_options(const rocksdb::Slice& upper, std::size_t max_bytes) {
        constexpr std::size_t long_read = 64U << 10U;
        rocksdb::ReadOptions how;
        how.iterate_upper_bound = &upper;
        if (max_bytes >= long_read) {
            how.readahead_size = std::min<std::size_t>(max_bytes, 1U << 20U);
            how.fill_cache = false;  // passing through: nobody comes back for these blocks soon
        }
        return how;
    }

    static result<log_record> check_row(const rocksdb::Iterator& it, offset expected) {
        if (!it.Valid() && !it.status().ok()) {
            return read_error(it.status());
        }
        if (!it.Valid() || row_offset(view(it.key())) != expected) {
            return log_error{errc::corrupt, "the record at offset " +
                                                std::to_string(expected.value()) + " is missing"};
        }
        auto record = decode_row(view(it.key()), view(it.value()));
        if (!record) {
            return log_error{errc::corrupt, "the record at offset " +
                                                std::to_string(expected.value()) +
                                                " does not pass its checksum"};
        }
        return std::move(*record);
    }

    /// A stored offset of kind `f` (first) or `d` (durable); 0 if there is none yet.
    result<offset> stored_offset(char kind, const partition_key& where) {
        std::string text;
        const auto status = db_->Get({}, offset_key(kind, where), &text);
        if (status.IsNotFound()) {
            return offset{0};
        }
        if (!status.ok()) {
            return read_error(status);
        }
        const auto value = parse_offset(text);
        return value ? result<offset>(*value)
                     : log_error{errc::corrupt, "a stored offset cannot be read"};
    }

    result<offset> stored_end(const partition_key& where) {
        const auto begin = row_key(where, offset{0});
        const rocksdb::Slice lower(begin);
        rocksdb::ReadOptions how;
        how.iterate_lower_bound = &lower;
        const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(how));
        it->SeekForPrev(row_key(where, offset{last_offset}));
        if (!it->status().ok()) {
            return read_error(it->status());
        }
        return it->Valid() ? offset{row_offset(view(it->key())).value() + 1} : offset{0};
    }

    /// Where the first record is missing from `from` on; `end` if none is. Two write-ahead files,
    /// the first with a torn end, may leave a hole in what was not synced. Only a hole counts: a
    /// record that is there and bad may have been promised, so read() tells.
    result<offset> find_gap(const partition_key& where, offset from, offset end) {
        offset at = from;
        const auto stop = row_key(where, end);
        const rocksdb::Slice upper(stop);
        rocksdb::ReadOptions how;
        how.iterate_upper_bound = &upper;
        const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(how));
        for (it->Seek(row_key(where, from)); it->Valid() && row_offset(view(it->key())) == at;
             it->Next()) {
            at = offset{at.value() + 1};
        }
        if (!it->status().ok()) {
            return read_error(it->status());
        }
        return std::min(at, end);
    }

    /// Takes away what lies behind a hole, if anything does.
    std::optional<log_error> cut_from(const partition_key& where, offset end) {
        const auto behind = stored_end(where);
        if (behind.has_error()) {
            return behind.error();
        }
        if (*behind <= end) {
            return std::nullopt;
        }
        const auto status = db_->DeleteRange(synced(), db_->DefaultColumnFamily(),
                                             row_key(where, end), row_key(where, *behind));
        if (!status.ok()) {
            return log_error{errc::cannot_open, status.ToString()};
        }
        return std::nullopt;
    }

    const std::unique_ptr<rocksdb::DB> db_;
    rocksdb::FileLock* const lock_ = nullptr;
    rocksdb::WriteBatch batch_;
    std::atomic<bool> write_failed_ = false;
};

log_error cannot_open(const std::string& directory, const rocksdb::Status& status) {
    const auto text = status.ToString();
    if (status.IsIOError() && text.find("/LOCK") != std::string::npos) {
        return {errc::cannot_open, "the event log in " + directory +
                                       " is in use by another server; stop that one, or give this "
                                       "one a directory of its own"};
    }
    return {errc::cannot_open, "the event log in " + directory + " cannot be opened: " + text};
}

/// A power cut may spoil the end of what was not synced, and RocksDB cannot tell that from damage.
/// We can: each write says up to where the log was durable by then. If none says so of what lies
/// behind the spoilt place, it was never promised, and the log may end before it.
bool ends_torn(rocksdb::Options o, const std::string& directory) {
    o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::OpenForReadOnly(o, directory, &opened).ok()) {
        return false;
    }
    rocksdb_log kept{std::unique_ptr<rocksdb::DB>(opened)};
    const auto watermark = own_key('d', "");
    bool holds = true;
    const bool read =
        scan_write_ahead(directory, [&](std::string_view key, std::string_view value) {
            holds = holds && (!key.starts_with(watermark) || kept.holds_durable(key, value));
        });
    return read && holds;
}

rocksdb::Status open_log(rocksdb::Options o, const std::string& directory, bool to_read,
                         rocksdb::DB** opened) {
    const auto open = [&] {
        return to_read ? rocksdb::DB::OpenForReadOnly(o, directory, opened)
                       : rocksdb::DB::Open(o, directory, opened);
    };
    auto status = open();
    if (status.IsCorruption() && ends_torn(o, directory)) {
        o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
        status = open();
    }
    return status;
}

}  // namespace

result<std::unique_ptr<log_storage>> open_log_storage(const storage_config& config) {
    std::error_code failed;
    std::filesystem::create_directories(config.directory, failed);
    if (failed) {
        return log_error{errc::cannot_open, "the directory " + config.directory +
                                                " cannot be made: " + failed.message()};
    }
    rocksdb::DB* opened = nullptr;
    const auto status = open_log(make_log_options(config), config.directory, false, &opened);
    if (!status.ok()) {
        return cannot_open(config.directory, status);
    }
    return std::unique_ptr<log_storage>(
        std::make_unique<rocksdb_log>(std::unique_ptr<rocksdb::DB>(opened)));
}

result<std::unique_ptr<log_storage>> open_log_storage_for_reading(const std::string& directory) {
    rocksdb::FileLock* lock = nullptr;
    if (!rocksdb::Env::Default()->LockFile(directory + "/LOCK", &lock).ok()) {
        return log_error{errc::cannot_open, "the event log in " + directory +
                                                " is in use by a server, or may not be written to "
                                                "by this user; stop the server first"};
    }
    rocksdb::DB* opened = nullptr;
    const auto status =
        open_log(make_log_options({.directory = directory}), directory, true, &opened);
    if (!status.ok()) {
        rocksdb::Env::Default()->UnlockFile(lock);
        return cannot_open(directory, status);
    }
    return std::unique_ptr<log_storage>(
        std::make_unique<rocksdb_log>(std::unique_ptr<rocksdb::DB>(opened), lock));
}

result<std::unique_ptr<log_storage>> open_log_storage_beside_server(const std::string& directory,
                                                                    const std::string& scratch) {
    auto options = make_log_options({.directory = directory});
    options.max_open_files = -1;  // a file that the server removes stays readable while it is open
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::OpenAsSecondary(options, directory, scratch, &opened);
    if (!status.ok()) {
        return cannot_open(directory, status);
    }
    return std::unique_ptr<log_storage>(
        std::make_unique<rocksdb_log>(std::unique_ptr<rocksdb::DB>(opened)));
}

}  // namespace kwq::eventlog
