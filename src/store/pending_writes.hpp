// pending_writes: what was written since the last commit, by key, the newest value of each. Many
// rows change several times between two commits and some come and go; only what is left of that
// reaches the disk.
//
// The first byte of a key names its table. Tables that are only looked up by whole keys are hashed;
// the others are kept in order, so that a scan meets what is pending without sorting it first.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kwq::store {

class pending_writes {
public:
    struct slot {
        std::optional<std::string> value;  // nothing: erased
        bool fresh = false;                // what is below has no such key: erased, it is forgotten
    };
    using entry = std::pair<const std::string, slot>;

    /// `hashed`: the first bytes of the tables that are hashed.
    explicit pending_writes(std::string hashed) : hashed_(std::move(hashed)) {}

    const slot* find(std::string_view key) const;
    void put(std::string_view key, std::string_view value) { write(key, value, false); }
    /// The caller knows that neither this nor the store below has the key.
    void put_new(std::string_view key, std::string_view value) { write(key, value, true); }
    void erase(std::string_view key);
    void clear();

    bool empty() const { return rows_.empty() && points_.empty(); }
    std::size_t bytes() const { return bytes_; }

    /// Everything, in order of keys.
    std::vector<const entry*> all() const;
    /// Keys from `from` (included) to `to` (not; empty: no end), one after the other, then null.
    /// Nothing may be written meanwhile.
    class walk {
    public:
        walk(const pending_writes& of, std::string_view from, std::string_view to, bool down);
        const entry* now() const { return now_; }
        void next();

    private:
        using ordered = std::map<std::string, slot, std::less<>>;
        void settle();

        bool down_;
        bool in_map_;
        std::vector<const entry*> sorted_;
        std::size_t at_ = 0;
        ordered::const_iterator first_, last_;  // what is left of the range
        const entry* now_ = nullptr;
    };

private:
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };

    bool is_hashed(std::string_view key) const {
        return !key.empty() && hashed_.find(key.front()) != std::string::npos;
    }
    void write(std::string_view key, std::string_view value, bool fresh);
    slot& at(std::string_view key, bool& made);

    const std::string hashed_;
    std::map<std::string, slot, std::less<>> rows_;
    std::unordered_map<std::string, slot, text_hash, std::equal_to<>> points_;
    std::size_t bytes_ = 0;
};

}  // namespace kwq::store
