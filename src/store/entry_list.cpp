#include "store/entry_list.hpp"

#include "store/bytes.hpp"
#include "store/kv.hpp"
#include "store/lead.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kwq::store {

namespace {

constexpr std::uint64_t taken_out = 1;
constexpr std::uint64_t has_value = 2;

/// An entry while a list is put in order: lists of thousands are, and mostly eight bytes tell two
/// keys apart.
struct ordered {
    std::uint64_t lead;
    std::uint32_t size;
    std::uint32_t n;
    bool is_whole() const { return size <= sizeof lead; }
};

/// Each is there, once, and behind the one before it: as a list is that was settled.
bool is_in_order(const std::vector<list_entry>& all) {
    for (std::size_t n = 0; n < all.size(); ++n) {
        if (!all[n].is_there || (n > 0 && all[n].key <= all[n - 1].key)) {
            return false;
        }
    }
    return true;
}

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
    std::vector<ordered> order;
    for (entry_reader r(entries); !r.at_end();) {
        all.push_back(r.next());
    }
    if (is_in_order(all)) {
        return std::string(entries);
    }
    order.reserve(all.size());
    for (const auto& e : all) {
        order.push_back({lead_of(e.key), static_cast<std::uint32_t>(e.key.size()),
                         static_cast<std::uint32_t>(order.size())});
    }
    const auto is_before = [&](const ordered& a, const ordered& b) {
        if (a.lead != b.lead) {
            return a.lead < b.lead;
        }
        if (a.is_whole() && b.is_whole()) {  // mostly twice the same: put in and taken out
            return a.size != b.size ? a.size < b.size : a.n < b.n;
        }
        const auto by_key = all[a.n].key.compare(all[b.n].key);
        return by_key != 0 ? by_key < 0 : a.n < b.n;
    };
    std::sort(order.begin(), order.end(), is_before);
    std::string out;
    for (auto at = order.begin(); at != order.end(); ++at) {
        const auto& e = all[at->n];
        const bool is_last = at + 1 == order.end() || all[at[1].n].key != e.key;
        if (is_last && e.is_there) {
            write_entry(e, out);
        }
    }
    return out;
}

}  // namespace kwq::store
