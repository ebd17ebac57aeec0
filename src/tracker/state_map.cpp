#include "tracker/state_map.hpp"

#include "store/bytes.hpp"

#include <algorithm>

namespace kwq::tracker {

namespace {

constexpr std::uint32_t most_attempts = 15;
constexpr char empty_byte = static_cast<char>(empty_cell);

std::uint64_t join(name_number job, std::uint32_t block) {
    return (static_cast<std::uint64_t>(job) << 32U) | block;
}

std::string key_of(char table, std::uint64_t joined) {
    std::string key(1, table);
    store::append_u64(key, joined);
    return key;
}

void write_place(std::string& out, const row_place& at) {
    store::byte_writer w(out);
    w.signed_number(at.shard);
    w.text(at.record.queue);
    w.signed_number(at.record.priority);
    w.signed_number(at.record.offset);
}

row_place read_place(store::byte_reader& r) {
    row_place at;
    at.shard = r.named_number<model::shard_id>();
    at.record.queue = r.named_text<model::queue_name>();
    at.record.priority = r.named_number<model::priority>();
    at.record.offset = r.named_number<model::offset>();
    return at;
}

}  // namespace

std::uint8_t cell_of(model::task_state state, std::uint32_t attempts) {
    return static_cast<std::uint8_t>(static_cast<std::uint32_t>(state) |
                                     (std::min(attempts, most_attempts) << 4U));
}

void state_map::place(name_number job, std::uint32_t ordinal, const row_place& at) {
    std::string bytes;
    write_place(bytes, at);
    state_.merge(key_of('J', join(job, ordinal / places_a_block)), store::tail_operand(bytes));
}

void state_map::set(name_number job, std::uint32_t ordinal, std::uint8_t cell) {
    const auto in = join(job, ordinal / cells_a_block);
    const auto key = key_of('M', in);
    const auto index = static_cast<std::uint8_t>(ordinal % cells_a_block);
    state_.merge(key, store::cell_operand(index, static_cast<char>(cell)));
    if (cell == empty_cell) {
        const auto cells = store::read_cells(state_.get(key).value());
        if (std::count(cells.begin(), cells.end(), empty_byte) == cells_a_block) {
            erase(in);
        }
    }
}

std::string state_map::read(name_number job, std::uint32_t from, std::uint32_t count) const {
    std::string out(count, empty_byte);
    const std::string prefix = key_of('M', join(job, 0)).substr(0, 1 + sizeof(name_number));
    const std::uint64_t end = std::uint64_t{from} + count;
    state_.scan(prefix, key_of('M', join(job, from / cells_a_block)),
                [&](std::string_view key, std::string_view value) {
                    key.remove_prefix(prefix.size());
                    const std::uint64_t start = std::uint64_t{store::take_u32(key)} * cells_a_block;
                    if (start >= end) {
                        return false;
                    }
                    const auto cells = store::read_cells(value);
                    const auto first = std::max<std::uint64_t>(start, from);
                    const auto last = std::min<std::uint64_t>(start + cells.size(), end);
                    std::copy(cells.begin() + static_cast<std::ptrdiff_t>(first - start),
                              cells.begin() + static_cast<std::ptrdiff_t>(last - start),
                              out.begin() + static_cast<std::ptrdiff_t>(first - from));
                    return true;
                });
    std::replace(out.begin(), out.end(), store::unset_cell, empty_byte);
    return out;
}

std::optional<row_place> state_map::place_of(name_number job, std::uint32_t ordinal) const {
    const auto stored = state_.get(key_of('J', join(job, ordinal / places_a_block)));
    if (!stored) {
        return std::nullopt;
    }
    store::byte_reader r(store::read_tail(*stored));
    for (std::uint32_t n = 0; !r.at_end(); ++n) {
        const auto at = read_place(r);
        if (n == ordinal % places_a_block) {
            return at;
        }
    }
    return std::nullopt;
}

/// All tasks of the block are gone.
void state_map::erase(block cells) {
    constexpr std::uint32_t ratio = cells_a_block / places_a_block;
    state_.erase(key_of('M', cells));
    const auto job = static_cast<name_number>(cells >> 32U);
    const auto first = static_cast<std::uint32_t>(cells) * ratio;
    for (std::uint32_t n = 0; n < ratio; ++n) {
        state_.erase(key_of('J', join(job, first + n)));
    }
}

}  // namespace kwq::tracker
