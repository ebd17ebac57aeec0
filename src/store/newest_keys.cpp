#include "store/newest_keys.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace kwq::store {

namespace {

std::uint64_t mark_of(std::string_view key) {
    return std::hash<std::string_view>()(key);
}

}  // namespace

void newest_keys::begin(std::string greatest) {
    floor_ = std::move(greatest);
    now_ = {};
    before_ = {};
}

void newest_keys::add(std::string_view key) {
    if (key <= floor_) {
        return;
    }
    if (now_.hashes.size() >= remembered_) {
        floor_ = std::max(floor_, before_.greatest);
        before_ = std::exchange(now_, {});
    }
    now_.hashes.insert(mark_of(key));
    if (key > now_.greatest) {
        now_.greatest = key;
    }
}

bool newest_keys::is_new(std::string_view key) const {
    if (key <= floor_) {
        return false;
    }
    const auto hash = mark_of(key);
    return !now_.hashes.contains(hash) && !before_.hashes.contains(hash);
}

}  // namespace kwq::store
