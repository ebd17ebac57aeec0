#include "store/rocksdb_setup.hpp"

#include "store/merging.hpp"
#include "store/rocksdb_slice.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

namespace kwq::store {

namespace {

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
    // What a merge of everything takes in counts until it is done, minutes later: writes must not
    // wait for that.
    o.level0_slowdown_writes_trigger = 100;
    o.level0_stop_writes_trigger = 200;
    o.max_background_jobs = 4;
    o.compaction_readahead_size = 256U << 10U;  // more at once holds up who reads
    // A file that is opened when it is first needed brings all of its index and filter with it.
    o.max_open_files = -1;
    // Files are written evenly: who reads waits behind what is written at once.
    o.bytes_per_sync = 256U << 10U;
    constexpr std::int64_t written_a_second = 64 << 20;
    constexpr std::int64_t microseconds_a_burst = 2'000;
    o.rate_limiter.reset(rocksdb::NewGenericRateLimiter(written_a_second, microseconds_a_burst));
    o.check_flush_compaction_key_order = false;  // of RocksDB's own work; blocks have checksums
    table.block_size = 8U << 10U;
    // Of a file of 64 MB the index has some 300 KB and the filter a megabyte, and in a large state
    // there are more of them than the cache can hold: a look reads a few KB of each instead.
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    table.metadata_block_size = 4U << 10U;
}

}  // namespace

std::unique_ptr<rocksdb::CompactionFilter> make_expiring_filter(const expiry& may_drop) {
    return may_drop ? std::make_unique<expiring_filter>(may_drop) : nullptr;
}

void fit_cache(const rocksdb::Options& options, const rocksdb_options& wanted,
               std::uint64_t stored_bytes) {
    constexpr std::uint64_t most = 1U << 30U;
    constexpr std::uint64_t small = 1U << 30U;
    const auto* table = options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
    if (wanted.cached_part > 0 && table != nullptr) {
        const auto beyond = stored_bytes - std::min(stored_bytes, small);
        const auto part = std::min(beyond / wanted.cached_part, most);
        table->block_cache->SetCapacity(std::max<std::size_t>(part, wanted.cache_bytes));
    }
}

rocksdb::Options make_options(const rocksdb_options& wanted,
                              const rocksdb::CompactionFilter* filter) {
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
    constexpr double for_indexes = 0.8;  // and filters, when they need it
    table.block_cache = rocksdb::NewLRUCache(wanted.cache_bytes, shard_bits(wanted.cache_bytes),
                                             false, for_indexes);
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

}  // namespace kwq::store
