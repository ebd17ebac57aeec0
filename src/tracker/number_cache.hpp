// number_cache: names and their numbers in two arrays, so that a lookup touches few lines of memory
// and adding one allocates nothing. Only ever grows, until it is cleared.
#pragma once

#include "tracker/keys.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::tracker {

class number_cache {
public:
    /// `hash` is hash_of(name).
    std::optional<name_number> find(std::string_view name, std::size_t hash) const;
    /// One that is not there.
    void add(std::string_view name, std::size_t hash, name_number number);
    std::size_t size() const { return size_; }
    void clear();

    static std::size_t hash_of(std::string_view name);

private:
    struct slot {
        std::uint32_t hash = 0;
        name_number number = no_name;
        std::uint32_t text = free;  // where it begins: its length, then itself
    };
    static constexpr std::uint32_t free = 0xffffffff;

    std::string_view text_at(std::uint32_t at) const;
    void grow();
    std::size_t free_slot(std::uint32_t hash) const;

    std::vector<slot> slots_;  // by hash, open addressing
    std::string texts_;
    std::size_t size_ = 0;
};

}  // namespace kwq::tracker
