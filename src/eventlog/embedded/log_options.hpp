// The RocksDB settings of the embedded log, each with its reason.
#pragma once

#include "eventlog/embedded/log_storage.hpp"

namespace rocksdb {
struct Options;
}

namespace kwq::eventlog {

rocksdb::Options make_log_options(const storage_config& config);

}  // namespace kwq::eventlog
