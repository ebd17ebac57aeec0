// kv on RocksDB: one indexed batch over one database. Reads go through the batch; commit() writes
// it with the write-ahead log and without a sync, so it survives the process but perhaps not a
// power cut, after which the log rebuilds what is missing. RocksDB's own recovery then ends at the
// first gap (point in time), so state and applied offset never part.
#include "store/kv.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <filesystem>
#include <system_error>

namespace kwq::store {

namespace {

/// RocksDB asserts that a slice has an address, which an empty view need not have.
rocksdb::Slice slice(std::string_view text) {
    return text.empty() ? rocksdb::Slice("", 0) : rocksdb::Slice(text.data(), text.size());
}

std::string_view view(const rocksdb::Slice& s) {
    return {s.data(), s.size()};
}

void check(const rocksdb::Status& status, const char* doing) {
    if (!status.ok()) {
        throw storage_failure(std::string("state store: ") + doing + ": " + status.ToString());
    }
}

class expiring_filter final : public rocksdb::CompactionFilter {
public:
    explicit expiring_filter(expiry may_drop) : may_drop_(std::move(may_drop)) {}
    const char* Name() const override { return "kwq.expiry"; }
    bool Filter(int /*level*/, const rocksdb::Slice& key, const rocksdb::Slice& value,
                std::string* /*new_value*/, bool* /*value_changed*/) const override {
        return may_drop_(view(key), view(value));
    }

private:
    const expiry may_drop_;
};

/// The first key after all that start with `prefix`; empty if there is none.
std::string after_prefix(std::string_view prefix) {
    std::string next(prefix);
    while (!next.empty() && next.back() == '\xff') {
        next.pop_back();
    }
    if (!next.empty()) {
        next.back() = static_cast<char>(static_cast<unsigned char>(next.back()) + 1U);
    }
    return next;
}

rocksdb::Options make_options(const rocksdb_options& wanted, const expiring_filter* filter) {
    rocksdb::Options o;
    o.create_if_missing = true;
    o.paranoid_checks = true;
    o.max_bgerror_resume_count = 0;  // a failed write is final: the log rebuilds
    o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    o.write_buffer_size = wanted.memtable_bytes;
    o.max_open_files = 512;
    o.max_background_jobs = 2;
    o.compression = rocksdb::kLZ4Compression;
    o.keep_log_file_num = 2;
    o.max_log_file_size = 4U << 20U;
    o.info_log_level = rocksdb::WARN_LEVEL;
    o.compaction_filter = filter;
    if (wanted.env != nullptr) {
        o.env = wanted.env;
    }
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(wanted.cache_bytes, 0);
    table.cache_index_and_filter_blocks = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return o;
}

class rocksdb_kv final : public kv {
public:
    explicit rocksdb_kv(const rocksdb_options& wanted)
        : directory_(wanted.directory),
          filter_(wanted.may_drop ? std::make_unique<expiring_filter>(wanted.may_drop) : nullptr),
          options_(make_options(wanted, filter_.get())) {
        std::error_code failed;
        std::filesystem::create_directories(directory_, failed);
        if (failed) {
            throw storage_failure("state store: cannot create " + directory_ + ": " +
                                  failed.message());
        }
        open();
    }

    std::optional<std::string> get(std::string_view key) const override {
        std::string value;
        const auto status = batch_->GetFromBatchAndDB(db_.get(), {}, slice(key), &value);
        if (status.IsNotFound()) {
            return std::nullopt;
        }
        check(status, "read");
        return value;
    }

    void put(std::string_view key, std::string_view value) override {
        check(batch_->Put(slice(key), slice(value)), "put");
    }

    void erase(std::string_view key) override { check(batch_->Delete(slice(key)), "erase"); }

    void scan(std::string_view prefix, std::string_view from, const visitor& visit) const override {
        const bounds within(prefix);
        const auto it = iterate(within.options);
        const auto start = from < prefix ? prefix : from;
        for (it->Seek(slice(start)); it->Valid(); it->Next()) {
            const auto key = view(it->key());
            if (!key.starts_with(prefix) || !visit(key, view(it->value()))) {
                break;
            }
        }
        check(it->status(), "scan");
    }

    void scan_back(std::string_view prefix, std::string_view before,
                   const visitor& visit) const override {
        const bounds within(prefix);
        const auto it = iterate(within.options);
        const bool capped = !before.empty() && (within.end.empty() || before < within.end);
        const std::string_view stop = capped ? before : std::string_view(within.end);
        if (stop.empty()) {
            it->SeekToLast();
        } else {
            it->SeekForPrev(slice(stop));
            if (it->Valid() && view(it->key()) == stop) {
                it->Prev();
            }
        }
        for (; it->Valid(); it->Prev()) {
            const auto key = view(it->key());
            if (!key.starts_with(prefix) || !visit(key, view(it->value()))) {
                break;
            }
        }
        check(it->status(), "scan");
    }

    void commit() override {
        rocksdb::WriteOptions how;
        how.sync = false;
        check(db_->Write(how, batch_->GetWriteBatch()), "commit");
        batch_->Clear();
    }

    std::size_t uncommitted_bytes() const override {
        const auto* batch = batch_->GetWriteBatch();
        return batch->Count() == 0 ? 0 : batch->GetDataSize();
    }

    void clear() override {
        batch_->Clear();
        check(db_->Close(), "close");
        db_.reset();
        check(rocksdb::DestroyDB(directory_, options_), "clear");
        open();
    }

private:
    /// Keeps the iterator inside the prefix, so that it never walks the tombstones beyond it.
    struct bounds {
        explicit bounds(std::string_view prefix)
            : begin(prefix), end(after_prefix(prefix)), lower(begin), upper(end) {
            options.iterate_lower_bound = begin.empty() ? nullptr : &lower;
            options.iterate_upper_bound = end.empty() ? nullptr : &upper;
        }
        bounds(const bounds&) = delete;
        bounds& operator=(const bounds&) = delete;

        const std::string begin;
        const std::string end;
        const rocksdb::Slice lower;
        const rocksdb::Slice upper;
        rocksdb::ReadOptions options;
    };

    std::unique_ptr<rocksdb::Iterator> iterate(const rocksdb::ReadOptions& how) const {
        auto* base = db_->NewIterator(how);
        if (batch_->GetWriteBatch()->Count() == 0) {
            return std::unique_ptr<rocksdb::Iterator>(base);
        }
        return std::unique_ptr<rocksdb::Iterator>(
            batch_->NewIteratorWithBase(db_->DefaultColumnFamily(), base, &how));
    }

    void open() {
        rocksdb::DB* opened = nullptr;
        check(rocksdb::DB::Open(options_, directory_, &opened), ("open " + directory_).c_str());
        db_.reset(opened);
    }

    const std::string directory_;
    const std::unique_ptr<expiring_filter> filter_;  // outlives db_
    const rocksdb::Options options_;
    std::unique_ptr<rocksdb::DB> db_;
    const std::unique_ptr<rocksdb::WriteBatchWithIndex> batch_ =
        std::make_unique<rocksdb::WriteBatchWithIndex>(rocksdb::BytewiseComparator(), 0, true);
};

}  // namespace

std::unique_ptr<kv> open_rocksdb(const rocksdb_options& options) {
    return std::make_unique<rocksdb_kv>(options);
}

}  // namespace kwq::store
