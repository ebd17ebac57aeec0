#include "tracker/name_table.hpp"

#include "store/bytes.hpp"

#include <utility>

namespace kwq::tracker {

namespace {

constexpr std::size_t most_numbers = 2'000'000;  // of a kind; some 80 bytes each
constexpr std::size_t most_names = 20'000;

std::string written(name_number n) {
    std::string out;
    store::byte_writer(out).number(n);
    return out;
}

name_number read(std::string_view bytes) {
    return static_cast<name_number>(store::byte_reader(bytes).number());
}

}  // namespace

name_table::cache& name_table::of(name_kind kind) {
    switch (kind) {
        case name_kind::job: return jobs_;
        case name_kind::tag: return tags_;
        case name_kind::worker: break;
    }
    return workers_;
}

numbered name_table::number_of(name_kind kind, const std::string& name) {
    if (const auto known = find(kind, name)) {
        return {*known, false};
    }
    cache& c = of(kind);
    if (!c.next) {
        const auto stored = state_.get(keys::next_number(kind));
        c.next = stored ? read(*stored) : 0;
    }
    const name_number n = (*c.next)++;
    state_.put(keys::next_number(kind), written(*c.next));
    state_.put(keys::name(kind, name), written(n));
    state_.put(keys::number(kind, n), name);
    remember(c, name, n);
    return {n, true};
}

std::optional<name_number> name_table::find(name_kind kind, const std::string& name) {
    cache& c = of(kind);
    if (const auto cached = c.numbers.find(name); cached != c.numbers.end()) {
        return cached->second;
    }
    const auto old = c.older.find(name);
    const auto stored = old == c.older.end() ? state_.get(keys::name(kind, name)) : std::nullopt;
    if (old == c.older.end() && !stored) {
        return std::nullopt;
    }
    const name_number n = stored ? read(*stored) : old->second;
    remember(c, name, n);
    return n;
}

std::string name_table::name_of(name_kind kind, name_number n) {
    cache& c = of(kind);
    if (const auto cached = c.names.find(n); cached != c.names.end()) {
        return cached->second;
    }
    auto stored = state_.get(keys::number(kind, n));
    if (!stored) {
        throw store::storage_failure("the tracker's state is damaged: a name is missing");
    }
    if (c.names.size() >= most_names) {
        c.names.clear();
    }
    c.names[n] = *stored;
    return *std::move(stored);
}

void name_table::forget_cached() {
    jobs_ = {};
    tags_ = {};
    workers_ = {};
}

void name_table::remember(cache& c, const std::string& name, name_number n) {
    if (c.numbers.size() >= most_numbers / 2) {
        c.older = std::exchange(c.numbers, {});
    }
    c.numbers[name] = n;
}

}  // namespace kwq::tracker
