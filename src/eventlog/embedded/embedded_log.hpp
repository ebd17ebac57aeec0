// The embedded log: an event_log in one directory of this machine, on RocksDB. What it promises and
// what a power cut may take is in README.md beside this file's folder.
#pragma once

#include "base/clock.hpp"
#include "eventlog/event_log.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rocksdb {
class Env;
}

namespace kwq::eventlog {

struct embedded_config {
    std::string directory;  // made when absent; this log's alone
    const clock& time;      // outlives the log
    /// Called once, on a thread of the log's, when a write has failed. The process must end: what
    /// was being written may or may not have happened.
    std::function<void(std::string)> on_stop;
    /// Appends are refused with errc::storage_full while the file system has less free; 0: never.
    /// Looked at once a second at most.
    std::uint64_t reserve_bytes = 256U << 20U;
    /// Topics that are refused only when less than a quarter of that is free: those by which work
    /// ends, so that it can end when no more may begin.
    std::vector<std::string> may_use_reserve;
    /// For tests that make the disk fail; null: the real one. Outlives the log.
    rocksdb::Env* env = nullptr;
};

/// Throws log_failure (errc::cannot_open with a sentence for people) when it cannot, above all when
/// another process, or this one, has the directory open already. Destroying the log waits until
/// what was appended is durable; nobody may be inside a call by then.
std::unique_ptr<event_log> open_embedded_log(const embedded_config& config);

}  // namespace kwq::eventlog
