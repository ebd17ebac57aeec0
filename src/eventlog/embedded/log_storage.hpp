// log_storage: what the embedded log asks of RocksDB, and the settings it asks it with. Rows of all
// partitions and the log's own table (topics, first offsets, durable watermarks) lie in one
// database, so that one write and one sync cover them together.
//
// Threads: put() and write() belong to the one writer; the rest may be called from any. A failure
// is the text of why; after one of write(), sync(), add_topic() or trim() the caller must stop.
#pragma once

#include "eventlog/embedded/stored_record.hpp"
#include "eventlog/event_log.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rocksdb {
class Env;
}

namespace kwq::eventlog {

using failure = std::optional<std::string>;

struct stored_topic {
    std::string name;
    std::uint32_t number = 0;  // from 1
    std::int32_t partitions = 0;
};

struct storage_config {
    std::string directory;
    rocksdb::Env* env = nullptr;  // for tests that make the disk fail; null: the real one
    /// RocksDB could not flush or compact. Any thread; must only take note.
    std::function<void(std::string)> on_background_error;
};

class log_storage {
public:
    virtual ~log_storage() = default;

    virtual result<std::vector<stored_topic>> topics() = 0;
    virtual failure add_topic(const stored_topic& topic) = 0;

    /// The ends of a partition as they are after a start. Whatever lies behind a gap above the
    /// durable watermark is cut off: it was never promised. Walks only that unsynced rest.
    virtual result<partition_range> recover(const partition_key& where) = 0;
    /// The same ends, and nothing is changed.
    virtual result<partition_range> look(const partition_key& where) = 0;

    /// Adds to the next write.
    virtual void put(const partition_key& where, offset at, std::string_view sealed) = 0;
    virtual void put_watermark(const partition_key& where, offset durable) = 0;
    /// Writes what was put, all or nothing, into the operating system's hands; visible to read().
    virtual failure write() = 0;
    /// Makes everything written before durable. May run beside write().
    virtual failure sync() = 0;

    /// Records in [from, end), at most `max_bytes` but one at least. errc::corrupt at the first bad
    /// or missing one, unless good ones come before it.
    virtual result<std::vector<log_record>> read(const partition_key& where, offset from,
                                                 offset end, std::size_t max_bytes) = 0;

    /// Durable when it returns.
    virtual failure trim(const partition_key& where, offset before) = 0;
};

/// errc::cannot_open with a sentence for people.
result<std::unique_ptr<log_storage>> open_log_storage(const storage_config& config);
/// The log of a server that has stopped, for topics(), look() and read() alone: nothing on the disk
/// is changed. errc::cannot_open while a server has it open.
result<std::unique_ptr<log_storage>> open_log_storage_for_reading(const std::string& directory);
/// The same of a server that may be at work: the log as it was when this was called, with all that
/// had been acknowledged. `scratch` is a directory for RocksDB's own notes.
result<std::unique_ptr<log_storage>> open_log_storage_beside_server(const std::string& directory,
                                                                    const std::string& scratch);

}  // namespace kwq::eventlog
