#include "store/merging.hpp"

#include "store/bytes.hpp"
#include "store/kv.hpp"
#include "store/tally.hpp"

#include <algorithm>
#include <functional>

namespace kwq::store {

namespace {

enum class kind : char {
    sum = 1,
    tail = 2,
    some_cells = 3,
    all_cells = 4,
    tally = 5,
    list = 6,
    worn_list = 7
};
// Out of a worn list something was taken.

constexpr std::size_t most_pairs = 64;  // of an index and a cell, before all cells are written

bool is(std::string_view value, kind k) {
    return !value.empty() && value.front() == static_cast<char>(k);
}

bool are_cells(std::string_view value) {
    return (is(value, kind::some_cells) && value.size() % 2 == 1) ||
           (is(value, kind::all_cells) && value.size() == 1 + cells_a_value);
}

std::string begin(kind k) {
    return std::string(1, static_cast<char>(k));
}

bool is_list(std::string_view value) {
    return is(value, kind::list) || is(value, kind::worn_list);
}

[[noreturn]] void of_another_kind() {
    throw storage_failure("state store: a value is damaged: it is not of the kind it should be");
}

std::vector<std::int64_t> numbers_of(std::string_view value) {
    std::vector<std::int64_t> numbers;
    byte_reader r(value.substr(1));
    while (!r.at_end()) {
        numbers.push_back(r.signed_number());
    }
    return numbers;
}

std::string add(std::string_view left, std::string_view right) {
    auto sum = numbers_of(left);
    const auto more = numbers_of(right);
    sum.resize(std::max(sum.size(), more.size()));
    std::transform(more.begin(), more.end(), sum.begin(), sum.begin(), std::plus<>());
    return sum_operand(sum);
}

std::string join(std::string_view left, std::string_view right) {
    auto out = begin(kind::tally);
    out.reserve(left.size() + right.size());
    join_tallies(left.substr(1), right.substr(1), out);
    return out;
}

void set_in(std::string& cells, std::string_view operand) {
    if (is(operand, kind::all_cells)) {
        for (std::size_t i = 0; i < cells_a_value; ++i) {
            cells[i] = operand[1 + i] == unset_cell ? cells[i] : operand[1 + i];
        }
        return;
    }
    for (std::size_t i = 1; i + 1 < operand.size(); i += 2) {
        cells[static_cast<unsigned char>(operand[i])] = operand[i + 1];
    }
}

/// One pair more, in order of indexes, each once.
void set_pair(std::string& pairs, char index, char cell) {
    std::size_t at = 1;
    while (at < pairs.size() &&
           static_cast<unsigned char>(pairs[at]) < static_cast<unsigned char>(index)) {
        at += 2;
    }
    if (at < pairs.size() && pairs[at] == index) {
        pairs[at + 1] = cell;
    } else {
        pairs.insert(at, {index, cell});
    }
}

}  // namespace

bool set_in_place(std::span<char> value, std::string_view operand) {
    const std::string_view now(value.data(), value.size());
    if (!is(now, kind::all_cells) || !are_cells(now) || !is(operand, kind::some_cells)) {
        return false;
    }
    for (std::size_t i = 1; i + 1 < operand.size(); i += 2) {
        value[1 + static_cast<unsigned char>(operand[i])] = operand[i + 1];
    }
    return true;
}

namespace {

/// What comes out does not depend on which operands were joined first: two folds of one log that
/// committed at other times are the same byte for byte.
void set_cells(std::string& value, std::string_view operand) {
    if (is(value, kind::some_cells) && is(operand, kind::some_cells)) {
        for (std::size_t i = 1; i + 1 < operand.size(); i += 2) {
            set_pair(value, operand[i], operand[i + 1]);
        }
        if (value.size() <= 1 + 2 * most_pairs) {
            return;
        }
        operand = {};
    }
    if (set_in_place(value, operand)) {
        return;
    }
    auto cells = read_cells(value);
    set_in(cells, operand);
    value = begin(kind::all_cells) + cells;
}

}  // namespace

bool merge_into(std::string& value, std::string_view operand) {
    if (value.empty()) {
        value = operand;
    } else if (is(value, kind::sum) && is(operand, kind::sum)) {
        value = add(value, operand);
    } else if (is(value, kind::tally) && is(operand, kind::tally)) {
        value = join(value, operand);
    } else if (const auto first = appended_as(value, operand)) {
        value.append(operand.substr(1));
        value.front() = *first;
    } else if (are_cells(value) && are_cells(operand)) {
        set_cells(value, operand);
    } else {
        return false;
    }
    return true;
}

std::optional<char> appended_as(std::string_view value, std::string_view operand) {
    if (is_list(value) && is_list(operand)) {
        return std::max(value.front(), operand.front());
    }
    return is(value, kind::tail) && is(operand, kind::tail) ? std::optional(value.front())
                                                            : std::nullopt;
}

void settle(std::string& value) {
    if (is(value, kind::worn_list)) {
        value = begin(kind::list) + settled(std::string_view(value).substr(1));
    }
}

bool is_empty_list(std::string_view value) {
    return value.size() == 1 && is(value, kind::list);
}

void merge_or_throw(std::string& value, std::string_view operand) {
    if (!merge_into(value, operand)) {
        of_another_kind();
    }
}

std::string sum_operand(std::span<const std::int64_t> numbers) {
    auto out = begin(kind::sum);
    byte_writer w(out);
    for (const auto n : numbers) {
        w.signed_number(n);
    }
    return out;
}

std::vector<std::int64_t> read_sum(std::string_view value, std::size_t numbers) {
    if (!is(value, kind::sum)) {
        of_another_kind();
    }
    auto sum = numbers_of(value);
    sum.resize(numbers);
    return sum;
}

std::string tally_operand(std::string_view numbers) {
    return begin(kind::tally).append(numbers);
}

std::string_view read_tally(std::string_view value) {
    if (!is(value, kind::tally)) {
        of_another_kind();
    }
    return value.substr(1);
}

std::string entry_operand(const list_entry& e) {
    auto out = begin(e.is_there ? kind::list : kind::worn_list);
    write_entry(e, out);
    return out;
}

entries_read read_entries(std::string_view value) {
    if (!is_list(value)) {
        of_another_kind();
    }
    return {value.substr(1), is(value, kind::list)};
}

std::string tail_operand(std::string_view bytes) {
    return begin(kind::tail).append(bytes);
}

std::string_view read_tail(std::string_view value) {
    if (!is(value, kind::tail)) {
        of_another_kind();
    }
    return value.substr(1);
}

std::string cell_operand(std::uint8_t index, char cell) {
    auto out = begin(kind::some_cells);
    out.push_back(static_cast<char>(index));
    out.push_back(cell);
    return out;
}

std::string read_cells(std::string_view value) {
    if (!are_cells(value)) {
        of_another_kind();
    }
    std::string cells(cells_a_value, unset_cell);
    set_in(cells, value);
    return cells;
}

}  // namespace kwq::store
