// rocksdb_setup: how RocksDB is set up for a state: memory, files, compaction, what it may drop and
// how it joins values.
#pragma once

#include "store/kv.hpp"

#include <rocksdb/compaction_filter.h>
#include <rocksdb/options.h>

#include <cstdint>
#include <memory>

namespace kwq::store {

/// Drops what `may_drop` says; null when that is empty.
std::unique_ptr<rocksdb::CompactionFilter> make_expiring_filter(const expiry& may_drop);

/// What the cache of a database with these options may hold, now that so much is stored.
void fit_cache(const rocksdb::Options& options, const rocksdb_options& wanted,
               std::uint64_t stored_bytes);

/// `filter` (null: none) must live as long as the database.
rocksdb::Options make_options(const rocksdb_options& wanted,
                              const rocksdb::CompactionFilter* filter);

}  // namespace kwq::store
