// name_table: jobs, tags and workers by number. A name is written once and counted by its number
// from then on. The caches are bounded: a million tags need not be in memory.
#pragma once

#include "store/kv.hpp"
#include "tracker/keys.hpp"

#include <optional>
#include <string>
#include <unordered_map>

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
    void forget_cached();

private:
    struct cache {
        std::unordered_map<std::string, name_number> numbers;  // asked for lately
        std::unordered_map<std::string, name_number> older;    // before that
        std::unordered_map<name_number, std::string> names;
        std::optional<name_number> next;
    };
    cache& of(name_kind kind);
    static void remember(cache& c, const std::string& name, name_number n);

    store::kv& state_;
    cache jobs_;
    cache tags_;
    cache workers_;
};

}  // namespace kwq::tracker
