#include "tracker/task_lists.hpp"

#include "store/bytes.hpp"
#include "store/merging.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <vector>

namespace kwq::tracker {

namespace {

// A row of a list is named by the time, in parts of 512 ms, and by the offset, in blocks: of tasks
// that all came at once a row holds so many, and no more.
constexpr unsigned part_bits = 9;
constexpr unsigned block_bits = 14;
constexpr std::size_t part_bytes = 5;
constexpr std::size_t block_bytes = 4;
constexpr std::size_t most_bytes_passed = 64U << 10U;  // some milliseconds

std::uint64_t time_of(instant submitted_at) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(submitted_at.value(), 0));
}

std::uint64_t low(std::uint64_t n, unsigned bits) {
    return n & ((std::uint64_t{1} << bits) - 1);
}

void append_part(std::string& key, std::uint64_t time) {
    const auto part = time >> part_bits;
    store::append_u8(key, static_cast<std::uint8_t>(part >> 32U));
    store::append_u32(key, static_cast<std::uint32_t>(part));
}

std::string row_of(std::string_view list, const task_lists::listed& task) {
    std::string key(list);
    append_part(key, time_of(task.submitted_at));
    const auto block = static_cast<std::uint64_t>(task.offset.value()) >> block_bits;
    store::append_u32(key, static_cast<std::uint32_t>(block));
    return key;
}

std::string entry_of(const task_lists::listed& task) {
    std::string entry;
    store::byte_writer w(entry);
    w.number(low(time_of(task.submitted_at), part_bits));
    w.number(task.lane);
    w.number(low(static_cast<std::uint64_t>(task.offset.value()), block_bits));
    return entry;
}

std::uint64_t part_of(std::string_view& rest) {
    const std::uint64_t high = store::take_u8(rest);
    return (high << 32U) + store::take_u32(rest);
}

/// When its first millisecond was.
instant time_of_part(std::string_view rest) {
    return instant{static_cast<std::int64_t>(part_of(rest) << part_bits)};
}

std::string settled_entries(std::string_view row) {
    const auto read = store::read_entries(row);
    return read.is_settled ? std::string(read.entries) : store::settled(read.entries);
}

}  // namespace

name_number task_lists::lane_of(const row_place& place) {
    return names_.number_of(name_kind::lane, keys::lane(place)).number;
}

row_place task_lists::place_of(name_number lane) {
    return keys::place_in_lane(names_.name_of(name_kind::lane, lane));
}

void task_lists::put(std::string_view list, const listed& task, std::string_view value) {
    const auto entry = entry_of(task);
    state_.merge(row_of(list, task), store::entry_operand({entry, value}));
}

void task_lists::take_out(std::string_view list, const listed& task) {
    const auto entry = entry_of(task);
    state_.merge(row_of(list, task), store::entry_operand({entry, {}, false}));
}

/// Half a second of a list, read and put in order.
class task_lists::part {
public:
    explicit part(name_table& names) : names_(names) {}

    /// Is the row, of which this is what follows the list's name, of the same half second?
    bool takes(std::string_view rest) const {
        return tasks_.empty() || rest.substr(0, part_bytes) == name_;
    }
    /// False: there is nothing in the row any more.
    bool add(std::string_view rest, std::string_view row) {
        const auto before = tasks_.size();
        name_ = rest.substr(0, part_bytes);
        const std::uint64_t time = part_of(rest) << part_bits;
        const std::uint64_t block = store::take_u32(rest);
        for (store::entry_reader r(rows_.emplace_back(settled_entries(row))); !r.at_end();) {
            const auto e = r.next();
            store::byte_reader entry(e.key);
            const auto submitted = time + entry.number();
            const auto& lane = lane_named(static_cast<name_number>(entry.number()));
            tasks_.push_back({submitted, &lane, (block << block_bits) + entry.number(), e.value});
        }
        return tasks_.size() > before;
    }
    /// False: the visitor wants no more. Then it is empty again.
    bool show(std::string_view from, const visitor& visit) {
        return show_least(
            std::greater<>(), [&](const auto& order) { return order < from; }, visit);
    }
    bool show_back(std::string_view before, const visitor& visit) {
        return show_least(
            std::less<>(), [&](const auto& order) { return !before.empty() && order >= before; },
            visit);
    }

    /// There is one.
    instant first_submitted() const {
        const auto least = std::min_element(
            tasks_.begin(), tasks_.end(),
            [](const task& a, const task& b) { return a.submitted < b.submitted; });
        return instant{static_cast<std::int64_t>(least->submitted)};
    }

private:
    struct task {
        std::uint64_t submitted;
        const std::string* lane;  // as keys::lane()
        std::uint64_t offset;
        std::string_view value;
        bool operator>(const task& other) const { return other < *this; }
        bool operator<(const task& other) const {
            if (submitted != other.submitted) {
                return submitted < other.submitted;
            }
            return lane != other.lane ? *lane < *other.lane : offset < other.offset;
        }
    };

    /// Mostly few are wanted of very many, so that only those are put in order.
    template <class Behind, class Skip>
    bool show_least(const Behind& behind, const Skip& skip, const visitor& visit) {
        std::make_heap(tasks_.begin(), tasks_.end(), behind);
        bool more = true;
        for (auto end = tasks_.end(); more && end != tasks_.begin(); --end) {
            std::pop_heap(tasks_.begin(), end, behind);
            const auto& least = *(end - 1);
            const auto order = order_of(least);
            more = skip(order) || visit(order, least.value);
        }
        clear();
        return more;
    }
    static std::string order_of(const task& t) {
        std::string order;
        store::append_u64(order, t.submitted);
        order.append(*t.lane);
        store::append_u64(order, t.offset);
        return order;
    }
    const std::string& lane_named(name_number lane) {
        auto& name = lanes_[lane];
        if (name.empty()) {
            name = names_.name_of(name_kind::lane, lane);
        }
        return name;
    }
    void clear() {
        tasks_.clear();
        rows_.clear();
    }

    name_table& names_;
    std::string name_;
    std::deque<std::string> rows_;  // their bytes: values lie in them
    std::map<name_number, std::string> lanes_;
    std::vector<task> tasks_;
};

void task_lists::walk(std::string_view list, std::string_view from, const visitor& visit) {
    std::string first;
    if (!from.empty()) {
        first = list;
        append_part(first, time_of(keys::submitted_at_in_submit_order(from)));
    }
    part now(names_);
    std::vector<std::string> empty_rows;
    bool more = true;
    state_.scan(list, first, [&](std::string_view key, std::string_view row) {
        const auto rest = key.substr(list.size());
        more = now.takes(rest) || now.show(from, visit);
        if (more && !now.add(rest, row)) {
            empty_rows.emplace_back(key);
        }
        return more;
    });
    if (more) {
        now.show(from, visit);
    }
    erase(empty_rows);
}

std::optional<instant> task_lists::first_submitted(std::string_view list) {
    std::optional<instant> first;
    part now(names_);
    std::vector<std::string> empty_rows;
    std::size_t passed = 0;
    state_.scan(list, {}, [&](std::string_view key, std::string_view row) {
        const auto rest = key.substr(list.size());
        if (passed > most_bytes_passed) {
            first = time_of_part(rest);
            return false;
        }
        if (!now.add(rest, row)) {
            empty_rows.emplace_back(key);
            passed += row.size();
            return true;
        }
        first = now.first_submitted();
        return false;
    });
    erase(empty_rows);
    return first;
}

void task_lists::walk_back(std::string_view list, std::string_view before, const visitor& visit) {
    std::string end;
    if (!before.empty()) {
        end = list;
        append_part(end, time_of(keys::submitted_at_in_submit_order(before)) + (1U << part_bits));
    }
    part now(names_);
    std::vector<std::string> empty_rows;
    bool more = true;
    state_.scan_back(list, end, [&](std::string_view key, std::string_view row) {
        const auto rest = key.substr(list.size());
        more = now.takes(rest) || now.show_back(before, visit);
        if (more && !now.add(rest, row)) {
            empty_rows.emplace_back(key);
        }
        return more;
    });
    if (more) {
        now.show_back(before, visit);
    }
    erase(empty_rows);
}

void task_lists::each_value(std::string_view lists, const value_visitor& see) {
    std::vector<std::string> empty_rows;
    state_.scan(lists, {}, [&](std::string_view key, std::string_view row) {
        const auto rest =
            key.substr(lists.size(), key.size() - lists.size() - part_bytes - block_bytes);
        const auto entries = settled_entries(row);
        if (entries.empty()) {
            empty_rows.emplace_back(key);
        }
        for (store::entry_reader r(entries); !r.at_end();) {
            see(rest, r.next().value);
        }
        return true;
    });
    erase(empty_rows);
}

void task_lists::erase(const std::vector<std::string>& empty_rows) {
    for (const auto& row : empty_rows) {
        state_.erase(row);
    }
}

}  // namespace kwq::tracker
