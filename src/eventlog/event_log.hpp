// event_log: the one seam to what keeps the truth. Append to a partition, read it back in order,
// know its ends, trim its beginning. Three implementations lie beside this file: embedded
// (RocksDB), simulated (memory, seeded faults), later kafka. tests/contract runs one suite against
// all of them; what is not in the suite is not promised.
//
// Contract
// - A partition is a sequence of records with consecutive offsets from 0. Offsets are never reused
//   and never change. Records of one append() are adjacent and in order; appends from one thread to
//   one partition keep their order.
// - Visible: read() and range().end include a record as soon as it has its place in the order. It
//   may not be durable yet. `range().durable` says up to where a power cut takes nothing away.
// - durability::synced resolves when the records are durable (fdatasync, or all in-sync replicas);
//   durability::ordered resolves when they are visible and survive the death of the process, in
//   order; they become durable with the next synced append, or within `sync_interval`.
// - What a power cut leaves is a prefix of the order in which records became visible, over all
//   partitions: no event survives a task record that was there before it.
// - An append that fails with errc::unknown may have happened. After errc::stopped the log takes
//   nothing more: the process must end. Nothing is ever retried in place.
// - Callbacks run on a thread of the log's, or inside an append() of anybody's; they must not block
//   and must not throw: post on. Whoever appends holds no lock that a callback takes.
// - watch(): the callback runs (coalesced: once for many) after the visible or the durable end of
//   the partition moved. It runs once right after watch() too. Unwatching waits for a running one.
//   Of a record it has heard before the record's append is answered: who was told that a task is in
//   and then asks for work finds it waiting.
// - All calls may come from any thread. append() never waits for a sync, though it may itself hand
//   a little to the operating system; when more than `max_unwritten_bytes` wait to be written it
//   resolves with errc::overloaded at once.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::eventlog {

using model::offset;

enum class errc {
    unknown,         // a write failed or timed out: it may have happened
    stopped,         // the log has stopped after a failed write, or is shutting down
    overloaded,      // too much waits to be written: nothing was appended
    too_large,       // a record above max_record_bytes: nothing was appended
    topic_unknown,   // no such topic, or partition outside it
    topic_mismatch,  // exists with another number of partitions
    trimmed,         // read below range().first
    corrupt,         // a record that does not pass its checksum, or a gap
    storage_full,    // no space: nothing was appended
    cannot_open,     // no such directory, no rights, used by another process
};
std::string_view to_string(errc code);

struct log_error {
    errc code = errc::unknown;
    std::string detail;
};

/// What a log_error becomes when a result without a value is taken for one, or a log cannot open.
class log_failure : public std::runtime_error {
public:
    explicit log_failure(log_error e);
    const log_error& error() const { return error_; }

private:
    log_error error_;
};

template <class T>
using result = result_of<T, log_error>;
[[noreturn]] void throw_exception_from_error(const log_error& e,
                                             const boost::source_location& where);

struct topic_partition {
    std::string topic;
    std::int32_t partition = 0;

    friend bool operator==(const topic_partition&, const topic_partition&) = default;
    friend auto operator<=>(const topic_partition&, const topic_partition&) = default;
};

struct new_record {
    std::string key;  // empty: none
    std::string value;
    std::vector<std::pair<std::string, std::string>> headers;  // kwq-rejected says why in these
    std::optional<instant> timestamp = std::nullopt;  // of a record from elsewhere; else: now
};

struct log_record {
    model::offset offset;
    instant timestamp;  // when the log took it
    std::string key;
    std::string value;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// Bytes of a record as the limits count them.
std::size_t size_of(const new_record& r);
std::size_t size_of(const log_record& r);

struct partition_range {
    offset first{0};    // oldest record still there
    offset end{0};      // the offset the next record will get
    offset durable{0};  // everything below survives a power cut; durable <= end
};

/// Somebody will still read a partition from here on.
struct log_need {
    topic_partition where;
    offset from{0};
};

enum class durability : std::uint8_t { ordered, synced };

/// What it takes for one record at most, key, value and headers together.
inline constexpr std::size_t max_record_bytes = 4U << 20U;
/// Bytes that may wait to be written before append() answers `overloaded`.
inline constexpr std::size_t max_unwritten_bytes = 256U << 20U;
/// The longest that an ordered append stays not durable.
inline constexpr milliseconds sync_interval{50};

class event_log {
public:
    /// First offset of the batch, or why not.
    using append_callback = std::function<void(result<offset>)>;
    using watch_callback = std::function<void(const partition_range&)>;

    virtual ~event_log() = default;

    /// Creates the topic, or checks that it is there with that many partitions
    /// (errc::topic_mismatch). Durable when it returns. May block.
    virtual result<void> ensure_topic(const std::string& topic, std::int32_t partitions) = 0;

    /// Appends all of `batch` (not empty) or nothing. The callback is called exactly once.
    virtual void append(const topic_partition& where, std::vector<new_record> batch, durability how,
                        append_callback done) = 0;

    /// Visible records from `from` on, at most `max_bytes` of them but at least one if there is
    /// one; empty at the end. errc::trimmed below the first, errc::corrupt for a bad record.
    virtual result<std::vector<log_record>> read(const topic_partition& where, offset from,
                                                 std::size_t max_bytes) = 0;

    virtual result<partition_range> range(const topic_partition& where) = 0;

    /// Forgets records below `before` (at most the durable end). Space returns in the background.
    virtual result<void> trim(const topic_partition& where, offset before) = 0;

    /// At most one watcher for each (partition, name); an empty callback takes it away.
    virtual void watch(const topic_partition& where, const std::string& name,
                       watch_callback on_move) = 0;

    /// Waits until everything appended is durable, or the log has stopped.
    virtual result<void> flush() = 0;
};

}  // namespace kwq::eventlog
