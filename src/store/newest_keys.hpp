// newest_keys: says of most keys that are asked for the first time that they are not stored,
// without a look. Keys that count up, or begin with the time, come in about their order: one that
// is greater than all but the last few, and is none of those, is new. For keys in any order it says
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::store {

class newest_keys {
public:
    /// `remembered`: of the last keys, two to four bytes each; as many again for a while.
    explicit newest_keys(std::size_t remembered);

    /// What is stored by now: none of it is greater. Forgets what was added.
    void begin(std::string greatest);
    /// Each key that is stored from then on; again does not matter.
    void add(std::string_view key);
    /// True: it is not stored. False: it may be.
    bool is_new(std::string_view key) const;

private:
    /// A Bloom filter whose bits for one key are in one word (Putze, Sanders, Singler: Cache-,
    /// Hash- and Space-Efficient Bloom Filters, 2007): that a key is not there says enough.
    struct generation {
        std::vector<std::uint64_t> words;
        std::size_t keys = 0;
        std::string greatest;
    };
    static bool has(const generation& g, std::uint64_t hash);

    const std::size_t remembered_;
    const std::size_t words_;  // a power of two
    std::string floor_;        // no key is greater but those of the generations
    generation now_, before_;
};

}  // namespace kwq::store
