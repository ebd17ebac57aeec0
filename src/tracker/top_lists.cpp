#include "tracker/top_lists.hpp"

#include "store/bytes.hpp"

namespace kwq::tracker {

namespace {

std::size_t number_of(sorting by) {
    return static_cast<std::size_t>(by) - 1;  // by name comes first
}

std::string key_of(std::size_t list, std::uint32_t slot) {
    std::string key = "K";
    store::append_u8(key, static_cast<std::uint8_t>(list));
    store::append_u32(key, slot);
    return key;
}

}  // namespace

sort_values values_of(const group& g) {
    const auto n = [&](model::task_state s) { return g.counts.at(static_cast<std::size_t>(s)); };
    // To the second: a list of what changed last should not change with each event.
    return {n(model::task_state::allocated) + n(model::task_state::running),
            n(model::task_state::error), g.last_at ? g.last_at->value() / 1'000 : 0, g.submitted};
}

void top_lists::reload() {
    lists_ = {};
    state_.scan("K", {}, [&](std::string_view key, std::string_view value) {
        key.remove_prefix(1);
        list& in = lists_.at(store::take_u8(key));
        const auto slot = store::take_u32(key);
        in.slots.resize(slot + 1, no_name);
        if (value.empty()) {
            in.free.push_back(slot);
            return true;
        }
        store::byte_reader r(value);
        const auto n = static_cast<name_number>(r.number());
        const auto v = r.signed_number();
        in.slots[slot] = n;
        in.values[n] = {v, slot};
        in.order.emplace(v, n);
        return true;
    });
}

void top_lists::update(name_kind kind, name_number n, const sort_values& values) {
    for (std::size_t by = 0; by < values.size(); ++by) {
        put(of(kind, by), n, values.at(by));
    }
}

void top_lists::put(list& in, name_number n, std::int64_t value) {
    const auto found = in.values.find(n);
    if (found == in.values.end()) {
        const bool full = in.values.size() >= max_listed;
        if (value <= 0 || (full && value <= in.order.begin()->first)) {
            return;
        }
        if (full) {
            remove(in, in.order.begin()->second);
        }
        add(in, n, value);
        return;
    }
    if (value <= 0) {
        remove(in, n);
    } else if (auto& there = found->second; there.value != value) {
        in.order.erase({there.value, n});
        there.value = value;
        in.order.emplace(value, n);
        in.changed.insert(there.slot);
    }
}

void top_lists::add(list& in, name_number n, std::int64_t value) {
    if (in.free.empty()) {
        in.free.push_back(static_cast<std::uint32_t>(in.slots.size()));
        in.slots.push_back(no_name);
    }
    const auto slot = in.free.back();
    in.free.pop_back();
    in.slots[slot] = n;
    in.values[n] = {value, slot};
    in.order.emplace(value, n);
    in.changed.insert(slot);
}

void top_lists::remove(list& in, name_number n) {
    const auto found = in.values.find(n);
    const auto [value, slot] = found->second;
    in.order.erase({value, n});
    in.values.erase(found);
    in.slots[slot] = no_name;
    in.free.push_back(slot);
    in.changed.insert(slot);
}

void top_lists::write_changed() {
    for (std::size_t l = 0; l < lists_.size(); ++l) {
        list& in = lists_.at(l);
        for (const auto slot : in.changed) {
            std::string value;
            if (const auto n = in.slots[slot]; n != no_name) {
                store::byte_writer w(value);
                w.number(n);
                w.signed_number(in.values.at(n).value);
            }
            state_.put(key_of(l, slot), value);
        }
        in.changed.clear();
    }
}

std::vector<std::pair<std::int64_t, name_number>> top_lists::best(name_kind kind,
                                                                  sorting by) const {
    const auto l = (kind == name_kind::job ? 0 : lists_a_kind) + number_of(by);
    const auto& order = lists_.at(l).order;
    return {order.rbegin(), order.rend()};
}

}  // namespace kwq::tracker
