#include "store/newest_keys.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace kwq::store {

namespace {

constexpr std::size_t keys_a_word = 4;

std::uint64_t mark_of(std::string_view key) {
    return std::hash<std::string_view>()(key);
}

/// Four bits of a word, by what of the hash does not say which word.
std::uint64_t bits_of(std::uint64_t hash) {
    std::uint64_t bits = 0;
    for (const unsigned from : {40U, 46U, 52U, 58U}) {
        bits |= std::uint64_t{1} << ((hash >> from) & 63U);
    }
    return bits;
}

}  // namespace

newest_keys::newest_keys(std::size_t remembered)
    : remembered_(remembered), words_(std::bit_ceil(remembered / keys_a_word + 1)) {}

void newest_keys::begin(std::string greatest) {
    floor_ = std::move(greatest);
    now_ = {};
    before_ = {};
}

bool newest_keys::has(const generation& g, std::uint64_t hash) {
    const auto bits = bits_of(hash);
    return g.keys > 0 && (g.words[hash & (g.words.size() - 1)] & bits) == bits;
}

void newest_keys::add(std::string_view key) {
    if (key <= floor_) {
        return;
    }
    const auto hash = mark_of(key);
    const bool is_there = has(now_, hash);  // or one that looks like it, which says no less
    if (!is_there && now_.keys >= remembered_) {
        floor_ = std::max(floor_, before_.greatest);
        std::swap(before_, now_);
        now_.keys = 0;
        now_.greatest.clear();
    }
    if (now_.keys == 0) {
        now_.words.assign(words_, 0);
    }
    if (!is_there) {
        now_.words[hash & (words_ - 1)] |= bits_of(hash);
        ++now_.keys;
    }
    if (key > now_.greatest) {
        now_.greatest = key;
    }
}

bool newest_keys::is_new(std::string_view key) const {
    if (key <= floor_) {
        return false;
    }
    const auto hash = mark_of(key);
    return !has(now_, hash) && !has(before_, hash);
}

}  // namespace kwq::store
