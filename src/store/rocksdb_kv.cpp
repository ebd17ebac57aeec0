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
#include "store/rocksdb_setup.hpp"
#include "store/rocksdb_slice.hpp"
#include "store/worker_group.hpp"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

namespace kwq::store {

namespace {

constexpr std::uint64_t commits_a_fit = 64;
/// Who reads what grows in the state joins all that came since it was last in a file; small commits
/// would fill a memtable only in days.
constexpr std::uint64_t commits_a_file = 2'048;
constexpr std::uint64_t much_in_memory = 4U
                                         << 20U;  // bytes of memtables, worth a file of their own

void check(const rocksdb::Status& status, const char* doing) {
    if (!status.ok()) {
        throw storage_failure(std::string("state store: ") + doing + ": " + status.ToString());
    }
}

class rocksdb_kv final : public kv {
public:
    explicit rocksdb_kv(const rocksdb_options& wanted)
        : wanted_(wanted),
          directory_(wanted.directory),
          filter_(make_expiring_filter(wanted.may_drop)),
          options_(make_options(wanted, filter_.get())),
          readers_("kwq-read", wanted.readers) {
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
        warmer_.wait();
        release_snapshot();
    }

    std::optional<std::string> get(std::string_view key) const override {
        return over(*pending_, key,
                    [&] { return over(*sealed_, key, [&] { return get_stored(key); }); });
    }

    std::vector<std::optional<std::string>> get_many(
        const std::vector<std::string>& keys) const override {
        std::vector<looked_up> stored(keys.size());
        readers_.each(keys.size(), [&](std::size_t n) {
            if (is_covered(*pending_, keys[n]) || is_covered(*sealed_, keys[n])) {
                return;
            }
            stored[n] = look_up(keys[n]);
        });
        std::vector<std::optional<std::string>> values;
        values.reserve(keys.size());
        for (std::size_t n = 0; n < keys.size(); ++n) {
            check(stored[n].status, "read");
            values.push_back(over(*pending_, keys[n], [&] {
                return over(*sealed_, keys[n], [&] { return std::move(stored[n].value); });
            }));
        }
        return values;
    }

    void warm(std::string_view prefix, std::string_view from, std::size_t rows) override {
        const auto start = from < prefix ? prefix : from;
        warmer_.start([this, rows, prefix = std::string(prefix), start = std::string(start)] {
            bounds within(prefix);
            const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(within.options));
            at->Seek(slice(start));
            for (std::size_t n = 0; n < rows && at->Valid(); ++n) {
                at->Next();
            }
        });
    }
    bool is_warming() const override { return warmer_.is_busy(); }

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
        if (++commits_ % commits_a_fit == 0) {
            fit_cache_to_stored();
        }
        if (commits_ % commits_a_file == 0) {
            begin_flush();
        }
        release_snapshot();
        sealed_->clear();
    }

    bool is_committing() override {
        if (before_sealed_ != nullptr && !worker_.is_busy()) {
            finish_commit();
        }
        return before_sealed_ != nullptr;
    }

    void rest() override {
        std::uint64_t filled = 0;
        if (db_->GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &filled) &&
            filled >= much_in_memory) {
            begin_flush();
        }
    }

    std::size_t uncommitted_bytes() const override { return pending_->bytes(); }

    void clear() override {
        finish_commit();
        warmer_.wait();
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

    /// What `writes` make of what is below them.
    template <class Below>
    static std::optional<std::string> over(const pending_writes& writes, std::string_view key,
                                           const Below& below) {
        const auto* written = writes.find(key);
        if (written == nullptr) {
            return below();
        }
        const auto own = written->value();
        if (!written->merges()) {
            return own ? std::optional<std::string>(*own) : std::nullopt;
        }
        auto value = below().value_or("");
        merge_or_throw(value, *own);
        return value;
    }

    /// Nothing below needs to be looked at.
    static bool is_covered(const pending_writes& by, std::string_view key) {
        const auto* written = by.find(key);
        return written != nullptr && !written->merges();
    }

    struct looked_up {
        rocksdb::Status status;
        std::optional<std::string> value;
    };

    /// Any thread.
    looked_up look_up(std::string_view key) const {
        rocksdb::ReadOptions how;
        how.snapshot = before_sealed_;
        rocksdb::PinnableSlice value;
        auto status = db_->Get(how, db_->DefaultColumnFamily(), slice(key), &value);
        if (status.IsNotFound()) {
            return {};
        }
        return {std::move(status), std::string(view(value))};
    }

    std::optional<std::string> get_stored(std::string_view key) const {
        auto found = look_up(key);
        check(found.status, "read");
        return std::move(found.value);
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

    static rocksdb::Status write(rocksdb::WriteBatch& batch, const pending_writes::entry& e) {
        const auto value = e.value();
        if (!value) {
            return batch.Delete(slice(e.key()));
        }
        return e.merges() ? batch.Merge(slice(e.key()), slice(*value))
                          : batch.Put(slice(e.key()), slice(*value));
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

    void begin_flush() const {
        rocksdb::FlushOptions how;
        how.wait = false;
        how.allow_write_stall = true;  // else it may wait all the same
        check(db_->Flush(how), "write");
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
        fit_cache_to_stored();
    }

    void fit_cache_to_stored() const {
        std::uint64_t stored = 0;
        if (db_->GetIntProperty(rocksdb::DB::Properties::kLiveSstFilesSize, &stored)) {
            fit_cache(options_, wanted_, stored);
        }
    }

    const rocksdb_options wanted_;
    const std::string directory_;
    const std::unique_ptr<rocksdb::CompactionFilter> filter_;  // outlives db_
    const rocksdb::Options options_;
    std::unique_ptr<rocksdb::DB> db_;
    std::unique_ptr<pending_writes> pending_ = std::make_unique<pending_writes>();
    // Of a commit under way: what it writes, and what was stored before.
    std::unique_ptr<pending_writes> sealed_ = std::make_unique<pending_writes>();
    const rocksdb::Snapshot* before_sealed_ = nullptr;
    std::atomic<bool> is_sorted_{true};
    std::uint64_t commits_ = 0;
    rocksdb::Status outcome_;  // the worker's, until it is done
    one_worker worker_{"kwq-commit"};
    mutable worker_group readers_;
    one_worker warmer_{"kwq-warm"};
};

}  // namespace

std::unique_ptr<kv> open_rocksdb(const rocksdb_options& options) {
    return std::make_unique<rocksdb_kv>(options);
}

}  // namespace kwq::store
