#include "tracker/number_cache.hpp"

#include "store/bytes.hpp"

#include <algorithm>
#include <functional>

namespace kwq::tracker {

namespace {

constexpr std::size_t least_slots = 64;  // a power of two

}  // namespace

std::size_t number_cache::hash_of(std::string_view name) {
    return std::hash<std::string_view>()(name);
}

std::string_view number_cache::text_at(std::uint32_t at) const {
    return store::byte_reader(std::string_view(texts_).substr(at)).text();
}

std::optional<name_number> number_cache::find(std::string_view name, std::size_t hash) const {
    if (slots_.empty()) {
        return std::nullopt;
    }
    const auto mask = slots_.size() - 1;
    const auto wanted = static_cast<std::uint32_t>(hash);
    for (std::size_t at = wanted & mask; slots_[at].text != free; at = (at + 1) & mask) {
        if (slots_[at].hash == wanted && text_at(slots_[at].text) == name) {
            return slots_[at].number;
        }
    }
    return std::nullopt;
}

void number_cache::add(std::string_view name, std::size_t hash, name_number number) {
    if ((size_ + 1) * 2 > slots_.size()) {
        grow();
    }
    const auto short_hash = static_cast<std::uint32_t>(hash);
    slots_[free_slot(short_hash)] = {short_hash, number, static_cast<std::uint32_t>(texts_.size())};
    store::byte_writer(texts_).text(name);
    ++size_;
}

std::size_t number_cache::free_slot(std::uint32_t hash) const {
    const auto mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].text != free) {
        at = (at + 1) & mask;
    }
    return at;
}

void number_cache::grow() {
    std::vector<slot> old(std::max(slots_.size() * 2, least_slots));
    old.swap(slots_);
    for (const auto& s : old) {
        if (s.text != free) {
            slots_[free_slot(s.hash)] = s;
        }
    }
}

void number_cache::clear() {
    std::fill(slots_.begin(), slots_.end(), slot{});
    texts_.clear();
    size_ = 0;
}

}  // namespace kwq::tracker
