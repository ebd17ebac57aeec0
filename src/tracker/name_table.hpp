// name_table: jobs, tags, workers and topic partitions by number. A name is written once and
// counted by its number from then on. The caches are bounded: a million tags need not be in memory.
#pragma once

#include "store/kv.hpp"
#include "tracker/keys.hpp"
#include "tracker/number_cache.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kwq::tracker {

struct numbered {
    name_number number = no_name;
    bool is_new = false;  // nothing is counted under it
};

class name_table {
public:
    explicit name_table(store::kv& state) : state_(state) {}

    numbered number_of(name_kind kind, const std::string& name);  // a new one if need be
    std::optional<name_number> find(name_kind kind, const std::string& name);
    std::string name_of(name_kind kind, name_number n);
    /// Reads those that are not in memory side by side, for name_of() soon.
    void read_names(name_kind kind, std::vector<name_number> numbers);
    void forget_cached();

private:
    struct cache {
        number_cache newest;   // asked for lately: few, so that they stay in the processor's cache
        number_cache numbers;  // asked for before that
        number_cache older;    // and before that
        std::unordered_map<name_number, std::string> names;
        std::optional<name_number> next;
    };
    cache& of(name_kind kind);
    /// Room for so many more names.
    static void make_room(cache& c, std::size_t names);
    static std::optional<name_number> remembered(cache& c, std::string_view name, std::size_t hash);
    static void remember(cache& c, std::string_view name, std::size_t hash, name_number n);
    static void remember_newest(cache& c, std::string_view name, std::size_t hash, name_number n);

    store::kv& state_;
    cache jobs_;
    cache tags_;
    cache workers_;
    cache lanes_;
};

}  // namespace kwq::tracker
