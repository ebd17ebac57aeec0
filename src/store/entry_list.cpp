#include "store/entry_list.hpp"

#include "store/bytes.hpp"
#include "store/kv.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kwq::store {

namespace {

constexpr std::uint64_t taken_out = 1;
constexpr std::uint64_t has_value = 2;

}  // namespace

void write_entry(const list_entry& e, std::string& entries) {
    byte_writer w(entries);
    w.number(static_cast<std::uint64_t>(e.key.size()) << 2U | (e.is_there ? 0 : taken_out) |
             (e.value.empty() ? 0 : has_value));
    entries.append(e.key);
    if (!e.value.empty()) {
        w.text(e.value);
    }
}

list_entry entry_reader::next() {
    byte_reader r(rest_);
    const auto head = r.number();
    const auto size = head >> 2U;
    rest_ = r.rest();
    if (size > rest_.size()) {
        throw storage_failure("state store: a list is damaged: an entry ends too early");
    }
    list_entry e{rest_.substr(0, size), {}, (head & taken_out) == 0};
    rest_.remove_prefix(size);
    if ((head & has_value) != 0) {
        byte_reader behind(rest_);
        e.value = behind.text();
        rest_ = behind.rest();
    }
    return e;
}

std::string settled(std::string_view entries) {
    std::vector<list_entry> all;
    for (entry_reader r(entries); !r.at_end();) {
        all.push_back(r.next());
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.key < b.key; });
    std::string out;
    for (auto e = all.begin(); e != all.end(); ++e) {
        const bool is_last = e + 1 == all.end() || e[1].key != e->key;
        if (is_last && e->is_there) {
            write_entry(*e, out);
        }
    }
    return out;
}

}  // namespace kwq::store
