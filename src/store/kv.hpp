// kv: the ordered key-value state a fold lives in. Writes collect in a batch that reads see at once
// and commit() makes permanent as a whole, so that state and applied offset move together. Two
// implementations: RocksDB (production), and a map (tests, simulator).
//
// One thread at a time. A failed read or write of the disk is not a domain outcome: it throws
// storage_failure, which ends the process; the log rebuilds what was lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace rocksdb {
class Env;
}

namespace kwq::store {

class storage_failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class kv {
public:
    virtual ~kv() = default;

    virtual std::optional<std::string> get(std::string_view key) const = 0;
    /// The same of many, in their order; those that lie on the disk are waited for side by side.
    virtual std::vector<std::optional<std::string>> get_many(
        const std::vector<std::string>& keys) const;
    /// Brings the rows that a scan from there would visit first nearer, as long as `rows` are not
    /// there, on another thread; is_warming() until it is done. One at a time.
    virtual void warm(std::string_view /*prefix*/, std::string_view /*from*/,
                      std::size_t /*rows*/) {}
    virtual bool is_warming() const { return false; }
    virtual void put(std::string_view key, std::string_view value) = 0;
    /// As put(), by a caller who knows that the key is not there: one that is erased again before
    /// the commit then costs the disk nothing.
    virtual void put_new(std::string_view key, std::string_view value) { put(key, value); }
    virtual void erase(std::string_view key) = 0;
    /// Lets what is stored grow without reading it; `operand` is of merging.hpp, and so is whatever
    /// is stored under this key.
    virtual void merge(std::string_view key, std::string_view operand) = 0;

    /// Calls `visit(key, value)` for keys >= `from` that start with `prefix`, in byte order, until
    /// it returns false. The visitor must not write. `from` empty: from the prefix's first key.
    using visitor = std::function<bool(std::string_view key, std::string_view value)>;
    virtual void scan(std::string_view prefix, std::string_view from,
                      const visitor& visit) const = 0;
    /// The same downwards, for keys < `before`; `before` empty: from the prefix's last key.
    virtual void scan_back(std::string_view prefix, std::string_view before,
                           const visitor& visit) const = 0;

    /// Makes everything written since the last commit permanent, all or nothing, surviving the
    /// death of the process (not fsynced: the log rebuilds after a power cut).
    virtual void commit() = 0;
    /// The same, but another thread may do it: permanent once is_committing() says no. What was
    /// written is read as before meanwhile. Waits for the one before, so that of two commits the
    /// first is permanent when the second begins. What went wrong with it is thrown by whichever
    /// of the four is called next, and again by the others.
    virtual void begin_commit() { commit(); }
    virtual bool is_committing() { return false; }
    virtual void finish_commit() {}  // waits for it
    /// For when little is to be committed for a while: the memory that commits have filled is
    /// written to a file, if it is much, on another thread, and given back.
    virtual void rest() {}
    /// Bytes in the batch that commit() would write.
    virtual std::size_t uncommitted_bytes() const = 0;
    /// Drops the batch and everything stored: a rebuild begins.
    virtual void clear() = 0;
};

/// Says whether a stored row may be dropped for good: consulted by compaction, on any thread. The
/// fold must already treat such a row as absent.
using expiry = std::function<bool(std::string_view key, std::string_view value)>;

/// Says of which keys a filter should tell that they are not there. One is of use for what is asked
/// for by its key and often is absent, costs ten bits a key, and is in the way of all else.
using filtered_keys = bool (*)(std::string_view key);

/// by_level keeps few files to look into. by_size writes rows that come all over the keys fewer
/// times, and has more files.
enum class compaction : std::uint8_t { by_level, by_size };

struct rocksdb_options {
    std::string directory;                 // created when absent; exclusive to this process
    std::size_t cache_bytes = 16U << 20U;  // at least
    /// The cache grows to this part of what is stored beyond a gigabyte, and no further than to
    /// one. 0: it does not. Of a state that is kept by_size, indexes and filters are a fortieth; a
    /// cache that cannot hold them reads them anew for each look.
    std::size_t cached_part = 0;
    std::size_t memtable_bytes = 32U << 20U;  // as many again while they are written
    /// So many memtables make one file. A commit is in order of keys, and quickest into a memtable
    /// of its own: with large commits, small memtables that are merged cost less than a large one.
    int memtables_a_file = 1;
    compaction compacts = compaction::by_level;
    filtered_keys filtered = nullptr;  // null: all
    std::size_t readers = 0;           // threads that help with get_many(), and one for warm()
    expiry may_drop;                   // may be empty
    rocksdb::Env* env = nullptr;       // for tests that make the disk fail; null: the real one
};

/// Opens a state when it is needed: how a test or the simulator gives a fold its own.
using opener = std::function<std::unique_ptr<kv>()>;

/// Throws storage_failure when it cannot be opened. A state of which files are missing or damaged
/// is opened empty.
std::unique_ptr<kv> open_rocksdb(const rocksdb_options& options);
std::unique_ptr<kv> make_memory_kv();

// ---- keys: pieces that sort as their values do --------------------------------------------------

/// Appends big-endian, so that byte order is numeric order (for values >= 0).
void append_u8(std::string& key, std::uint8_t value);
void append_u32(std::string& key, std::uint32_t value);
void append_u64(std::string& key, std::uint64_t value);
void append_i64(std::string& key, std::int64_t value);
/// Appends text and a terminator that sorts before any other byte; text must hold no NUL.
void append_text(std::string& key, std::string_view text);
std::uint8_t take_u8(std::string_view& key);
std::uint32_t take_u32(std::string_view& key);
std::uint64_t take_u64(std::string_view& key);
std::int64_t take_i64(std::string_view& key);
std::string_view take_text(std::string_view& key);
/// The first key after all that start with `prefix`; empty if there is none.
std::string after_prefix(std::string_view prefix);

}  // namespace kwq::store
