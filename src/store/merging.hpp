// merging: values that grow without being read first. An operand says what happens to a value; an
// operand alone is a value, and operands that follow each other join into one. So a kv may join
// them when it likes: when somebody reads, or while it compacts.
//
// Five kinds: a sum (numbers, one by one), a tail (bytes, one behind the other), cells (256 bytes,
// each the newest that was set), a tally (numbers by slot: tally.hpp), and a list (entry_list.hpp:
// entries that come and go). The first byte of a
// value tells which it is; operands of two kinds never meet under one key. A value of no kind ends
// in storage_failure where it is read.
#pragma once

#include "store/entry_list.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::store {

/// What `operand` makes of `value`, which is an operand itself, or empty. False: one of them is
/// damaged or of another kind; `value` is of no use then.
[[nodiscard]] bool merge_into(std::string& value, std::string_view operand);
/// The same for those who have no other answer to damage than storage_failure.
void merge_or_throw(std::string& value, std::string_view operand);

/// Where that is the operand's bytes behind the value's: the first byte then, and all but its first
/// are to be appended.
std::optional<char> appended_as(std::string_view value, std::string_view operand);
/// Done to the value's own bytes, as many as before; false: that cannot be, and nothing was done.
[[nodiscard]] bool set_in_place(std::span<char> value, std::string_view operand);
/// Nothing lies below the value any more: entries that were taken out of a list need not be named.
void settle(std::string& value);
/// It holds nothing any more, and its key may go.
bool is_empty_list(std::string_view value);

std::string sum_operand(std::span<const std::int64_t> numbers);
/// Zeros behind the last that was written.
std::vector<std::int64_t> read_sum(std::string_view value, std::size_t numbers);

/// `numbers` is a tally, as its writer wrote it.
std::string tally_operand(std::string_view numbers);
std::string_view read_tally(std::string_view value);

std::string entry_operand(const list_entry& e);
/// To be settled, unless nothing was ever taken out.
struct entries_read {
    std::string_view entries;
    bool is_settled = true;
};
entries_read read_entries(std::string_view value);

std::string tail_operand(std::string_view bytes);
std::string_view read_tail(std::string_view value);

inline constexpr std::size_t cells_a_value = 256;
/// As good as not set.
inline constexpr char unset_cell = static_cast<char>(0xff);
std::string cell_operand(std::uint8_t index, char cell);
/// cells_a_value bytes; those that nobody set are unset_cell.
std::string read_cells(std::string_view value);

}  // namespace kwq::store
