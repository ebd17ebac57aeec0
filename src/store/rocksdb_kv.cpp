// kv on RocksDB: pending writes over one database. Reads go through them; commit() writes what is
// left of them with the write-ahead log and without a sync, so it survives the
// process but perhaps not a power cut, after which the log rebuilds what is missing. RocksDB's own
// recovery then ends at the first gap (point in time), so state and applied offset never part.
#include "store/kv.hpp"
#include "store/pending_writes.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

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

/// RocksDB tries again by itself when a full disk has room again, on a thread that nobody joins;
/// the server has stopped by then, and its next look at the failed file is an assertion.
class no_recovery final : public rocksdb::EventListener {
public:
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                              bool* auto_recovery) override {
        *auto_recovery = false;
    }
};

rocksdb::Options make_options(const rocksdb_options& wanted, const expiring_filter* filter) {
    rocksdb::Options o;
    o.create_if_missing = true;
    o.paranoid_checks = true;
    o.max_bgerror_resume_count = 0;  // a failed write is final: the log rebuilds
    o.listeners.push_back(std::make_shared<no_recovery>());
    o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    o.write_buffer_size = wanted.memtable_bytes;
    o.max_write_buffer_number = 2 * wanted.memtables_a_file;
    o.min_write_buffer_number_to_merge = wanted.memtables_a_file;
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
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    // A commit writes in order of keys: each goes in near the one before it of its table.
    o.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(2));
    // Most reads ask whether a key is there, and it is not.
    o.memtable_prefix_bloom_size_ratio = 0.05;
    o.memtable_whole_key_filtering = true;
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
        if (const auto* pending = pending_.find(key)) {
            return pending->value ? std::optional<std::string>(*pending->value) : std::nullopt;
        }
        rocksdb::PinnableSlice value;
        const auto status = db_->Get({}, db_->DefaultColumnFamily(), slice(key), &value);
        if (status.IsNotFound()) {
            return std::nullopt;
        }
        check(status, "read");
        return std::string(view(value));
    }

    void put(std::string_view key, std::string_view value) override { pending_.put(key, value); }
    void put_new(std::string_view key, std::string_view value) override {
        pending_.put_new(key, value);
    }
    void erase(std::string_view key) override { pending_.erase(key); }

    void scan(std::string_view prefix, std::string_view from, const visitor& visit) const override {
        const bounds within(prefix);
        const auto start = from < prefix ? prefix : from;
        const auto stored = iterate(within);
        stored->Seek(slice(start));
        merge<false>(*stored, {pending_, start, within.end, false}, visit);
    }

    void scan_back(std::string_view prefix, std::string_view before,
                   const visitor& visit) const override {
        const bounds within(prefix);
        const bool capped = !before.empty() && (within.end.empty() || before < within.end);
        const std::string_view stop = capped ? before : std::string_view(within.end);
        const auto stored = iterate(within);
        if (stop.empty()) {
            stored->SeekToLast();
        } else {
            stored->SeekForPrev(slice(stop));
            if (stored->Valid() && view(stored->key()) == stop) {
                stored->Prev();
            }
        }
        merge<true>(*stored, {pending_, within.begin, stop, true}, visit);
    }

    void commit() override {
        rocksdb::WriteBatch batch(pending_.bytes() + 4'096);
        pending_.each([&](const pending_writes::entry& e) {
            check(e.value ? batch.Put(slice(e.key), slice(*e.value)) : batch.Delete(slice(e.key)),
                  "commit");
        });
        rocksdb::WriteOptions how;
        how.sync = false;
        check(db_->Write(how, &batch), "commit");
        pending_.clear();
    }

    std::size_t uncommitted_bytes() const override { return pending_.bytes(); }

    void clear() override {
        pending_.clear();
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

    std::unique_ptr<rocksdb::Iterator> iterate(const bounds& within) const {
        return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(within.options));
    }

    /// What is stored and what is pending as one: where both have a key, what is pending counts.
    template <bool down>
    static void merge(rocksdb::Iterator& stored, pending_writes::walk pending,
                      const visitor& visit) {
        while (stored.Valid() || pending.now() != nullptr) {
            const auto* p = pending.now();
            const int order = p == nullptr      ? 1
                              : !stored.Valid() ? -1
                                                : (down ? view(stored.key()).compare(p->key)
                                                        : p->key.compare(view(stored.key())));
            const bool go_on = order > 0 ? visit(view(stored.key()), view(stored.value()))
                                         : !p->value || visit(p->key, *p->value);
            if (!go_on) {
                break;
            }
            if (order >= 0) {
                down ? stored.Prev() : stored.Next();
            }
            if (order <= 0) {
                pending.next();
            }
        }
        check(stored.status(), "scan");
    }

    /// A state that has lost files, because a crash came while it was being cleared or the disk is
    /// damaged, is no state: it begins empty and the log rebuilds it.
    void open() {
        rocksdb::DB* opened = nullptr;
        auto status = rocksdb::DB::Open(options_, directory_, &opened);
        if (status.IsCorruption() || status.IsPathNotFound()) {
            check(rocksdb::DestroyDB(directory_, options_), "clear");
            status = rocksdb::DB::Open(options_, directory_, &opened);
        }
        check(status, ("open " + directory_).c_str());
        db_.reset(opened);
    }

    const std::string directory_;
    const std::unique_ptr<expiring_filter> filter_;  // outlives db_
    const rocksdb::Options options_;
    std::unique_ptr<rocksdb::DB> db_;
    pending_writes pending_;
};

}  // namespace

std::unique_ptr<kv> open_rocksdb(const rocksdb_options& options) {
    return std::make_unique<rocksdb_kv>(options);
}

}  // namespace kwq::store
