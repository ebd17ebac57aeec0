#include "tracker/top_lists.hpp"

#include "store/bytes.hpp"

namespace kwq::tracker {

namespace {

std::size_t number_of(sorting by) {
    return static_cast<std::size_t>(by) - 1;  // by name comes first
}

std::string key_of(std::size_t list, name_number n) {
    std::string key = "K";
    store::append_u8(key, static_cast<std::uint8_t>(list));
    store::append_u32(key, n);
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
        const auto n = store::take_u32(key);
        const auto v = store::byte_reader(value).signed_number();
        in.values[n] = v;
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
    } else if (found->second == value) {
        return;
    }
    in.changed.insert(n);
    if (found != in.values.end()) {
        in.order.erase({found->second, n});
        in.values.erase(found);
    }
    if (value <= 0) {
        return;
    }
    in.values.emplace(n, value);
    in.order.emplace(value, n);
    if (in.values.size() > max_listed) {
        const auto least = *in.order.begin();
        in.order.erase(in.order.begin());
        in.values.erase(least.second);
        in.changed.insert(least.second);
    }
}

void top_lists::write_changed() {
    for (std::size_t l = 0; l < lists_.size(); ++l) {
        list& in = lists_.at(l);
        for (const auto n : in.changed) {
            const auto found = in.values.find(n);
            if (found == in.values.end()) {
                state_.erase(key_of(l, n));
            } else {
                std::string value;
                store::byte_writer(value).signed_number(found->second);
                state_.put(key_of(l, n), value);
            }
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
