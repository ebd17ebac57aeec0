// kv on RocksDB: pending writes over one database. Reads go through them; a commit writes what is
// left of them with the write-ahead log and without a sync, so it survives the process but perhaps
// not a power cut, after which the log rebuilds what is missing. RocksDB's own recovery then ends
// at the first gap (point in time), so state and applied offset never part.
//
// A commit that began is written by a thread of its own. Until it is done, reads see what was
// stored before it (a snapshot), what it writes, and what was written since, in three layers.
#include "store/kv.hpp"
#include "store/layers.hpp"
#include "store/merging.hpp"
#include "store/one_worker.hpp"
#include "store/pending_writes.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <system_error>
#include <utility>

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

/// RocksDB's filters hold what is in the domain of a prefix: here a whole key.
class filtering final : public rocksdb::SliceTransform {
public:
    explicit filtering(filtered_keys filtered) : filtered_(filtered) {}
    const char* Name() const override { return "kwq.filtering"; }
    rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return key; }
    bool InDomain(const rocksdb::Slice& key) const override { return filtered_(view(key)); }

private:
    const filtered_keys filtered_;
};

class merging final : public rocksdb::MergeOperator {
public:
    const char* Name() const override { return "kwq.merging"; }
    bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
        auto& value = out->new_value;
        value = in.existing_value == nullptr ? "" : in.existing_value->ToString();
        return succeeds([&] { return join(in.operand_list, value) && (settle(value), true); });
    }
    bool PartialMergeMulti(const rocksdb::Slice& /*key*/,
                           const std::deque<rocksdb::Slice>& operands, std::string* merged,
                           rocksdb::Logger* /*logger*/) const override {
        merged->clear();
        return succeeds([&] { return join(operands, *merged); });
    }

private:
    template <class Operands>
    static bool join(const Operands& operands, std::string& value) {
        return std::all_of(operands.begin(), operands.end(),
                           [&](const auto& o) { return merge_into(value, view(o)); });
    }
    /// A value that ends too early is corruption, as RocksDB says it.
    template <class Work>
    static bool succeeds(const Work& work) {
        try {
            return work();
        } catch (const storage_failure&) {
            return false;
        }
    }
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

/// Compaction uses the cache too and holds up who reads; but a filter must fit into its part of it.
int shard_bits(std::size_t cache_bytes) {
    constexpr std::size_t enough = 32U << 20U;
    return cache_bytes < enough ? 0 : 3;
}

/// Runs of much the same size are merged, eight at a time: each row is written as often as the
/// state has grown eightfold. By levels, rows that come all over the keys are written with each
/// tenth of the level below; measured in docs/benchmarks.md. A merge of everything takes minutes
/// at tens of millions of rows: others go on beside it, so that new runs do not pile up.
void compact_by_size(rocksdb::Options& o, rocksdb::BlockBasedTableOptions& table) {
    o.compaction_style = rocksdb::kCompactionStyleUniversal;
    o.compaction_options_universal.size_ratio = 10;
    o.compaction_options_universal.min_merge_width = 4;
    o.compaction_options_universal.allow_trivial_move = true;
    o.level0_slowdown_writes_trigger = 30;
    o.level0_stop_writes_trigger = 40;
    o.max_background_jobs = 4;
    o.compaction_readahead_size = 1U << 20U;
    o.check_flush_compaction_key_order = false;  // of RocksDB's own work; blocks have checksums
    table.block_size = 8U << 10U;
    // Of a file of 64 MB the index has some 300 KB and the filter a megabyte, and in a large state
    // there are more of them than the cache can hold: a look reads a few KB of each instead.
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    table.metadata_block_size = 4U << 10U;
}

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
    // What is new is written again soon: at first without being compressed, and later fewer times.
    o.compression = rocksdb::kLZ4Compression;
    o.compression_per_level = {rocksdb::kNoCompression, rocksdb::kLZ4Compression};
    o.level0_file_num_compaction_trigger = 8;
    o.keep_log_file_num = 2;
    o.max_log_file_size = 4U << 20U;
    o.info_log_level = rocksdb::WARN_LEVEL;
    o.compaction_filter = filter;
    o.merge_operator = std::make_shared<merging>();
    if (wanted.env != nullptr) {
        o.env = wanted.env;
    }
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(wanted.cache_bytes, shard_bits(wanted.cache_bytes));
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    // A commit writes in order of keys: each goes in near the one before it of its table.
    o.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(2));
    // Most reads ask whether a key is there, and it is not.
    o.memtable_prefix_bloom_size_ratio = 0.05;
    o.memtable_whole_key_filtering = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    if (wanted.filtered != nullptr) {
        o.prefix_extractor = std::make_shared<filtering>(wanted.filtered);
        o.memtable_whole_key_filtering = false;
        table.whole_key_filtering = false;
    }
    if (wanted.compacts == compaction::by_size) {
        compact_by_size(o, table);
    }
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

    ~rocksdb_kv() override {
        worker_.wait();
        release_snapshot();
    }

    std::optional<std::string> get(std::string_view key) const override {
        return over(*pending_, key,
                    [&] { return over(*sealed_, key, [&] { return get_stored(key); }); });
    }

    void put(std::string_view key, std::string_view value) override { pending_->put(key, value); }
    void put_new(std::string_view key, std::string_view value) override {
        pending_->put_new(key, value);
    }
    void merge(std::string_view key, std::string_view operand) override {
        pending_->merge(key, operand);
    }
    void erase(std::string_view key) override { pending_->erase(key); }

    void scan(std::string_view prefix, std::string_view from, const visitor& visit) const override {
        bounds within(prefix);
        const auto start = from < prefix ? prefix : from;
        const auto stored = iterate(within);
        stored->Seek(slice(start));
        walk({stored.get(), start, within.end, false}, visit);
    }

    void scan_back(std::string_view prefix, std::string_view before,
                   const visitor& visit) const override {
        bounds within(prefix);
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
        walk({stored.get(), within.begin, stop, true}, visit);
    }

    void commit() override {
        finish_commit();
        if (!pending_->empty()) {
            check(write_all(*pending_), "commit");
            pending_->clear();
        }
    }

    void begin_commit() override {
        finish_commit();
        if (pending_->empty()) {
            return;
        }
        std::swap(pending_, sealed_);
        before_sealed_ = db_->GetSnapshot();
        is_sorted_ = false;
        worker_.start([this] { write_sealed(); });
    }

    void finish_commit() override {
        if (before_sealed_ == nullptr) {
            return;
        }
        worker_.wait();
        check(outcome_, "commit");  // and again each time: nothing goes on after it
        release_snapshot();
        sealed_->clear();
    }

    bool is_committing() override {
        if (before_sealed_ != nullptr && !worker_.is_busy()) {
            finish_commit();
        }
        return before_sealed_ != nullptr;
    }

    std::size_t uncommitted_bytes() const override { return pending_->bytes(); }

    void clear() override {
        finish_commit();
        pending_->clear();
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
            options.total_order_seek = true;  // whatever a filter says of the first key
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

    static rocksdb::Status write(rocksdb::WriteBatch& batch, const pending_writes::entry& e) {
        if (!e.value) {
            return batch.Delete(slice(e.key));
        }
        return e.merges ? batch.Merge(slice(e.key), slice(*e.value))
                        : batch.Put(slice(e.key), slice(*e.value));
    }

    /// What `writes` make of what is below them.
    template <class Below>
    static std::optional<std::string> over(const pending_writes& writes, std::string_view key,
                                           const Below& below) {
        const auto* written = writes.find(key);
        if (written == nullptr) {
            return below();
        }
        if (!written->merges) {
            return written->value ? std::optional<std::string>(*written->value) : std::nullopt;
        }
        auto value = below().value_or("");
        merge_or_throw(value, *written->value);
        return value;
    }

    std::optional<std::string> get_stored(std::string_view key) const {
        rocksdb::ReadOptions how;
        how.snapshot = before_sealed_;
        rocksdb::PinnableSlice value;
        const auto status = db_->Get(how, db_->DefaultColumnFamily(), slice(key), &value);
        if (status.IsNotFound()) {
            return std::nullopt;
        }
        check(status, "read");
        return std::string(view(value));
    }

    std::unique_ptr<rocksdb::Iterator> iterate(bounds& within) const {
        within.options.snapshot = before_sealed_;
        return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(within.options));
    }

    /// RocksDB's iterator, as layers want it.
    struct stored_rows {
        rocksdb::Iterator* rows;
        bool down;
        bool valid() const { return rows->Valid(); }
        std::string_view key() const { return view(rows->key()); }
        std::string_view value() const { return view(rows->value()); }
        void next() const { down ? rows->Prev() : rows->Next(); }
    };
    struct range {
        rocksdb::Iterator* stored;  // on the first
        std::string_view from, to;
        bool down;
    };

    /// What is stored, what is being committed, and what was written since, as one.
    void walk(const range& r, const visitor& visit) const {
        is_sorted_.wait(false);
        const stored_rows lowest{r.stored, r.down};
        layer below(lowest, {*sealed_, r.from, r.to, r.down}, r.down);
        layer all(std::move(below), {*pending_, r.from, r.to, r.down}, r.down);
        while (all.valid() && visit(all.key(), all.value())) {
            all.next();
        }
        check(r.stored->status(), "scan");
    }

    /// On the worker's thread. Readers look at what is sealed meanwhile, and none of it changes.
    void write_sealed() {
        sealed_->sort();
        is_sorted_ = true;
        is_sorted_.notify_all();
        outcome_ = write_all(*sealed_);
    }

    rocksdb::Status write_all(const pending_writes& writes) const {
        rocksdb::WriteBatch batch(writes.bytes() + 4'096);
        rocksdb::Status put;
        writes.each([&](const pending_writes::entry& e) {
            if (put.ok()) {
                put = write(batch, e);
            }
        });
        rocksdb::WriteOptions how;
        how.sync = false;
        return put.ok() ? db_->Write(how, &batch) : put;
    }

    void release_snapshot() {
        if (before_sealed_ != nullptr) {
            db_->ReleaseSnapshot(before_sealed_);
            before_sealed_ = nullptr;
        }
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
    std::unique_ptr<pending_writes> pending_ = std::make_unique<pending_writes>();
    // Of a commit under way: what it writes, and what was stored before.
    std::unique_ptr<pending_writes> sealed_ = std::make_unique<pending_writes>();
    const rocksdb::Snapshot* before_sealed_ = nullptr;
    std::atomic<bool> is_sorted_{true};
    rocksdb::Status outcome_;  // the worker's, until it is done
    one_worker worker_{"kwq-commit"};
};

}  // namespace

std::unique_ptr<kv> open_rocksdb(const rocksdb_options& options) {
    return std::make_unique<rocksdb_kv>(options);
}

}  // namespace kwq::store
