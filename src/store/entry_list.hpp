// entry_list: entries with a value each, as they were put in and taken out, one behind the other.
// What happened last to an entry counts. So lists grow without being read; who reads one, or joins
// all of it, settles it first.
#pragma once

#include <string>
#include <string_view>

namespace kwq::store {

struct list_entry {
    std::string_view key;
    std::string_view value;
    bool is_there = true;  // or it was taken out
};

/// Appends one.
void write_entry(const list_entry& e, std::string& entries);

class entry_reader {
public:
    explicit entry_reader(std::string_view entries) : rest_(entries) {}
    bool at_end() const { return rest_.empty(); }
    list_entry next();  // storage_failure when they are damaged

private:
    std::string_view rest_;
};

/// Those that are there, each once, in order of keys.
std::string settled(std::string_view entries);

}  // namespace kwq::store
