#include "store/pending_writes.hpp"

#include "base/assert.hpp"
#include "store/lead.hpp"
#include "store/merging.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <new>
#include <type_traits>

namespace kwq::store {

namespace {

using entry = pending_writes::entry;

constexpr std::size_t least_slots = 1'024;     // a power of two
constexpr std::size_t most_kept = 64U << 10U;  // pointers: making room again costs little
constexpr std::size_t few = 16;

static_assert(std::is_trivially_destructible_v<entry>);

std::uint32_t hash_of(std::string_view key) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(key));
}

/// Values are rows: far below this.
std::uint32_t size_in_entry(std::size_t bytes) {
    KWQ_ASSERT(bytes < std::numeric_limits<std::uint32_t>::max() / 2);
    return static_cast<std::uint32_t>(bytes);
}

unsigned char table_of(std::string_view key) {
    return key.empty() ? 0 : static_cast<unsigned char>(key.front());
}

/// Of one table: their first bytes are the same.
bool by_rest(const entry* a, const entry* b) {
    return a->is_before(*b);
}

bool by_key(const entry* a, const entry* b) {
    return a->key() < b->key();
}

/// A burst is not paid for ever after.
template <class T>
void forget_all(std::vector<T>& all) {
    if (all.capacity() > most_kept) {
        all = {};
    }
    all.clear();
}

bool before_key(const entry* e, std::string_view key) {
    return e->key() < key;
}

}  // namespace

/// Where the key is, or the free place where it belongs.
std::size_t pending_writes::slot_of(std::string_view key, std::uint32_t hash) const {
    const auto mask = index_.size() - 1;
    std::size_t slot = hash & mask;
    while (index_[slot] != nullptr && (index_[slot]->hash_ != hash || index_[slot]->key() != key)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

const pending_writes::entry* pending_writes::find(std::string_view key) const {
    if (entries_ == 0) {
        return nullptr;
    }
    const entry* const found = index_[slot_of(key, hash_of(key))];
    return found == nullptr || found->is_void() ? nullptr : found;
}

pending_writes::entry& pending_writes::at(std::string_view key) {
    if ((entries_ + 1) * 2 > index_.size()) {
        grow();
    }
    const auto hash = hash_of(key);
    entry*& place = index_[slot_of(key, hash)];
    if (place == nullptr) {
        place = make(key, hash);
        tables_[table_of(key)].written.push_back(place);
        ++entries_;
    }
    return *place;
}

pending_writes::entry* pending_writes::make(std::string_view key, std::uint32_t hash) {
    char* const room = texts_.take(sizeof(entry) + key.size(), alignof(entry));
    auto* const made = new (room) entry{};
    std::copy(key.begin(), key.end(), room + sizeof(entry));
    made->key_bytes_ = static_cast<std::uint32_t>(key.size());
    made->hash_ = hash;
    made->lead_ = lead_of(key.substr(std::min<std::size_t>(key.size(), 1)));
    return made;
}

void pending_writes::grow() {
    std::vector<entry*> old(std::max(index_.size() * 2, least_slots));
    old.swap(index_);
    const auto mask = index_.size() - 1;
    for (entry* e : old) {
        if (e != nullptr) {
            std::size_t slot = e->hash_ & mask;
            while (index_[slot] != nullptr) {
                slot = (slot + 1) & mask;
            }
            index_[slot] = e;
        }
    }
}

void pending_writes::write(std::string_view key, std::string_view value, bool fresh) {
    const auto before = entries_;
    entry& e = at(key);
    if (entries_ != before) {
        e.fresh_ = fresh;
    }
    e.merges_ = false;
    set_value(e, value);
}

void pending_writes::merge(std::string_view key, std::string_view operand) {
    const auto before = entries_;
    entry& e = at(key);
    if (!e.has_value_) {
        e.merges_ = entries_ != before;  // what was erased is not there to grow
        set_value(e, operand);
        return;
    }
    if (const auto first = appended_as(*e.value(), operand)) {
        append(e, operand.substr(1));
        *e.room_ = *first;
        return;
    }
    if (set_in_place({e.room_, e.value_bytes_}, operand)) {
        return;
    }
    std::string value(*e.value());
    merge_or_throw(value, operand);
    set_value(e, value);
}

void pending_writes::set_value(entry& e, std::string_view value) {
    const auto bytes = size_in_entry(value.size());
    if (e.room_bytes_ < bytes) {
        e.room_bytes_ = std::max(bytes, 2 * e.room_bytes_);
        e.room_ = texts_.take(e.room_bytes_);
    }
    std::copy(value.begin(), value.end(), e.room_);
    e.value_bytes_ = bytes;
    e.has_value_ = true;
}

/// In its room, where there is some: a list of thousands is not copied for each entry.
void pending_writes::append(entry& e, std::string_view more) {
    const auto bytes = size_in_entry(e.value_bytes_ + more.size());
    if (e.room_bytes_ < bytes) {
        e.room_bytes_ = 2 * bytes;
        char* const room = texts_.take(e.room_bytes_);
        std::copy_n(e.room_, e.value_bytes_, room);
        e.room_ = room;
    }
    std::copy(more.begin(), more.end(), e.room_ + e.value_bytes_);
    e.value_bytes_ = bytes;
}

void pending_writes::erase(std::string_view key) {
    entry& e = at(key);
    e.has_value_ = false;
    e.merges_ = false;
}

void pending_writes::clear() {
    for (auto& t : tables_) {
        forget_all(t.written);
        forget_all(t.sorted);
    }
    index_ = {};
    entries_ = 0;
    texts_.clear();
}

void pending_writes::table::sort() {
    const auto known = static_cast<std::ptrdiff_t>(sorted.size());
    const auto fresh = written.begin() + known;
    if (written.end() - fresh <= static_cast<std::ptrdiff_t>(few)) {
        for (auto e = fresh; e != written.end(); ++e) {
            sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), *e, by_rest), *e);
        }
        return;
    }
    sorted.insert(sorted.end(), fresh, written.end());
    const auto middle = sorted.begin() + known;
    std::sort(middle, sorted.end(), by_rest);
    std::inplace_merge(sorted.begin(), middle, sorted.end(), by_rest);
}

pending_writes::walk::walk(const pending_writes& of, std::string_view from, std::string_view to,
                           bool down)
    : down_(down) {
    const auto first_table = table_of(from);
    const auto last_table = to.empty() ? 255U : table_of(to);
    const bool in_one = !from.empty() && (first_table == last_table ||
                                          (first_table + 1U == last_table && to.size() == 1));
    if (!in_one) {
        for (std::size_t t = first_table; t <= last_table; ++t) {
            const auto& written = of.tables_[t].written;
            all_.insert(all_.end(), written.begin(), written.end());
        }
        std::sort(all_.begin(), all_.end(), by_key);
    } else {
        of.tables_[first_table].sort();
    }
    const auto& range = in_one ? of.tables_[first_table].sorted : all_;
    const auto begin = std::lower_bound(range.begin(), range.end(), from, before_key);
    const auto end =
        to.empty() ? range.end() : std::lower_bound(begin, range.end(), to, before_key);
    first_ = range.data() + (begin - range.begin());
    last_ = range.data() + (end - range.begin());
    settle();
}

void pending_writes::walk::next() {
    if (down_) {
        --last_;
    } else {
        ++first_;
    }
    settle();
}

/// To the next one that is there.
void pending_writes::walk::settle() {
    const auto at = [this] { return down_ ? last_[-1] : *first_; };
    while (first_ < last_ && at()->is_void()) {
        if (down_) {
            --last_;
        } else {
            ++first_;
        }
    }
    now_ = first_ < last_ ? at() : nullptr;
}

}  // namespace kwq::store
