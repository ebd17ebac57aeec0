// Settings for an append-only log on RocksDB 7.8. What is switched off here is either of no use to
// a log or known to be wrong in that version.
#include "eventlog/embedded/log_options.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <utility>

namespace kwq::eventlog {

namespace {

class error_listener final : public rocksdb::EventListener {
public:
    explicit error_listener(std::function<void(std::string)> note) : note_(std::move(note)) {}
    void OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                           rocksdb::Status* status) override {
        note_(status->ToString());
    }
    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                              bool* auto_recovery) override {
        *auto_recovery = false;
    }

private:
    const std::function<void(std::string)> note_;
};

/// What could lose or hide a write.
void set_safety(rocksdb::Options& o) {
    o.paranoid_checks = true;
    // A write-ahead file may end in the middle of a write after a power cut; a bad record with
    // others behind it is damage, and the log does not open.
    o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    // A failed write is final. Resuming may write entries twice (fixed in 9.6).
    o.max_bgerror_resume_count = 0;
    o.recycle_log_file_num = 0;                   // wrong with tail tolerance until 9.2
    o.wal_compression = rocksdb::kNoCompression;  // wrong until 8.0
    o.manual_wal_flush = false;                   // a write must survive the process
    o.unordered_write = false;
    o.track_and_verify_wals_in_manifest = false;  // false alarms with SyncWAL until 7.10
}

/// Records are written once, in order of each partition, and read forwards.
void set_shape(rocksdb::Options& o) {
    // Up to six of these are in memory, whatever the log holds; a quiet log keeps one.
    o.write_buffer_size = 16U << 20U;
    o.max_write_buffer_number = 6;
    o.level0_file_num_compaction_trigger = 8;  // each time with what lies below, so not often
    o.max_background_jobs = 2;
    // Files are written evenly: whoever reads or syncs waits behind what is written at once.
    o.bytes_per_sync = 512U << 10U;
    o.max_bytes_for_level_base = 512U << 20U;
    o.target_file_size_base = 64U << 20U;
    // Young files are often read and soon merged; old ones are large and seldom read.
    o.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression,
                               rocksdb::kLZ4Compression};
    o.max_open_files = 512;
    o.keep_log_file_num = 2;
    o.max_log_file_size = 4U << 20U;
    o.info_log_level = rocksdb::WARN_LEVEL;
    rocksdb::BlockBasedTableOptions table;
    table.block_size = 16U << 10U;
    // Read forwards and mostly once; the newest records are kept elsewhere.
    table.block_cache = rocksdb::NewLRUCache(16U << 20U);
    o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
}

}  // namespace

rocksdb::Options make_log_options(const storage_config& config) {
    rocksdb::Options o;
    o.create_if_missing = true;
    set_safety(o);
    set_shape(o);
    if (config.env != nullptr) {
        o.env = config.env;
    }
    if (config.on_background_error) {
        // Shared with RocksDB, which calls it from its own threads.
        o.listeners.push_back(std::make_shared<error_listener>(config.on_background_error));
    }
    return o;
}

}  // namespace kwq::eventlog
