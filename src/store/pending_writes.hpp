// pending_writes: what was written since the last commit, by key, the newest value of each. Many
// rows change several times between two commits and some come and go; only what is left of that
// reaches the disk.
//
// The first byte of a key names its table. Keys are found by hash; a table is put in order when it
// is scanned, what came since the last scan being merged in. Texts lie in an arena, so that writing
// allocates nothing and a commit forgets all at once.
#pragma once

#include "store/byte_arena.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kwq::store {

class pending_writes {
public:
    /// In front of its key's bytes: there are many, most of them small, and a look at one should
    /// touch one line of memory.
    class entry {
    public:
        std::string_view key() const {
            return {reinterpret_cast<const char*>(this + 1), key_bytes_};
        }
        /// Nothing: erased.
        std::optional<std::string_view> value() const {
            return has_value_ ? std::optional(std::string_view(room_, value_bytes_)) : std::nullopt;
        }
        /// The value is an operand for what is below.
        bool merges() const { return merges_; }
        /// Came and went: nothing to write.
        bool is_void() const { return fresh_ && !has_value_; }
        /// In order of keys, of two of the same table.
        bool is_before(const entry& other) const {
            return lead_ != other.lead_ ? lead_ < other.lead_ : key() < other.key();
        }

    private:
        friend class pending_writes;

        std::uint64_t lead_ = 0;  // the key's bytes behind the first, as a number
        char* room_ = nullptr;    // for the value
        std::uint32_t hash_ = 0;
        std::uint32_t key_bytes_ = 0;
        std::uint32_t value_bytes_ = 0;
        std::uint32_t room_bytes_ = 0;
        bool has_value_ = false;
        bool fresh_ = false;  // what is below has no such key
        bool merges_ = false;
    };

    /// Null: not written since the last commit. The texts hold until the next write.
    const entry* find(std::string_view key) const;
    void put(std::string_view key, std::string_view value) { write(key, value, false); }
    /// The caller knows that neither this nor the store below has the key.
    void put_new(std::string_view key, std::string_view value) { write(key, value, true); }
    /// Of merging.hpp.
    void merge(std::string_view key, std::string_view operand);
    void erase(std::string_view key);
    void clear();

    bool empty() const { return entries_ == 0; }
    std::size_t bytes() const { return texts_.bytes(); }

    /// Only once, as long as nothing is written and nobody scans: then many may read at a time.
    void sort() const {
        for (auto& t : tables_) {
            t.sort();
        }
    }
    /// Everything, in order of keys: RocksDB's own table takes neighbours in fastest.
    template <class Visit>
    void each(const Visit& visit) const {
        for (auto& t : tables_) {
            t.sort();
            for (const auto* e : t.sorted) {
                if (!e->is_void()) {
                    visit(*e);
                }
            }
        }
    }

    /// Keys from `from` (included) to `to` (not; empty: no end), one after the other, then null.
    /// Nothing may be written meanwhile.
    class walk {
    public:
        walk(const pending_writes& of, std::string_view from, std::string_view to, bool down);
        const entry* now() const { return now_; }
        void next();

    private:
        void settle();

        bool down_;
        std::vector<const entry*> all_;        // when the range is of several tables
        const entry* const* first_ = nullptr;  // what is left of the range
        const entry* const* last_ = nullptr;
        const entry* now_ = nullptr;
    };

private:
    struct table {
        std::vector<const entry*> written;  // one after the other
        std::vector<const entry*> sorted;   // as many of them as a scan has needed
        void sort();
    };

    void write(std::string_view key, std::string_view value, bool fresh);
    void set_value(entry& e, std::string_view value);
    void append(entry& e, std::string_view more);
    entry& at(std::string_view key);
    entry* make(std::string_view key, std::uint32_t hash);
    std::size_t slot_of(std::string_view key, std::uint32_t hash) const;
    void grow();

    byte_arena texts_;  // and the entries
    mutable std::array<table, 256> tables_;
    std::vector<entry*> index_;  // by hash, open addressing; null: free
    std::size_t entries_ = 0;
};

}  // namespace kwq::store
