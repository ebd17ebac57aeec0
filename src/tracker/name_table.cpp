#include "tracker/name_table.hpp"

#include "store/bytes.hpp"

#include <algorithm>
#include <utility>

namespace kwq::tracker {

namespace {

constexpr std::size_t most_numbers = 2'000'000;  // of a kind; some 40 bytes each
constexpr std::size_t most_newest = 16'384;
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
        case name_kind::worker: return workers_;
        case name_kind::lane: break;
    }
    return lanes_;
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
    remember(c, name, number_cache::hash_of(name), n);
    return {n, true};
}

std::optional<name_number> name_table::find(name_kind kind, const std::string& name) {
    cache& c = of(kind);
    const auto hash = number_cache::hash_of(name);
    if (const auto n = remembered(c, name, hash)) {
        return n;
    }
    const auto stored = state_.get(keys::name(kind, name));
    if (!stored) {
        return std::nullopt;
    }
    const name_number n = read(*stored);
    remember(c, name, hash, n);
    return n;
}

std::optional<name_number> name_table::remembered(cache& c, std::string_view name,
                                                  std::size_t hash) {
    if (const auto n = c.newest.find(name, hash)) {
        return n;
    }
    if (const auto n = c.numbers.find(name, hash)) {
        remember_newest(c, name, hash, *n);
        return n;
    }
    const auto n = c.older.find(name, hash);
    if (n) {
        remember(c, name, hash, *n);
    }
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
    make_room(c, 1);
    c.names[n] = *stored;
    return *std::move(stored);
}

void name_table::read_names(name_kind kind, std::vector<name_number> numbers) {
    cache& c = of(kind);
    std::erase_if(numbers, [&](name_number n) { return c.names.contains(n); });
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::vector<std::string> wanted;
    wanted.reserve(numbers.size());
    for (const auto n : numbers) {
        wanted.push_back(keys::number(kind, n));
    }
    make_room(c, wanted.size());
    const auto stored = state_.get_many(wanted);
    for (std::size_t n = 0; n < stored.size(); ++n) {
        if (stored[n]) {
            c.names[numbers[n]] = *stored[n];
        }
    }
}

void name_table::make_room(cache& c, std::size_t names) {
    if (c.names.size() + names > most_names) {
        c.names.clear();
    }
}

void name_table::forget_cached() {
    jobs_ = {};
    tags_ = {};
    workers_ = {};
    lanes_ = {};
}

void name_table::remember(cache& c, std::string_view name, std::size_t hash, name_number n) {
    if (c.numbers.size() >= most_numbers / 2) {
        std::swap(c.older, c.numbers);
        c.numbers.clear();
    }
    c.numbers.add(name, hash, n);
    remember_newest(c, name, hash, n);
}

void name_table::remember_newest(cache& c, std::string_view name, std::size_t hash, name_number n) {
    if (c.newest.size() >= most_newest) {
        c.newest.clear();
    }
    c.newest.add(name, hash, n);
}

}  // namespace kwq::tracker
