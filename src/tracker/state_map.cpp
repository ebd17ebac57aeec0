#include "tracker/state_map.hpp"

#include "tracker/bytes.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace kwq::tracker {

namespace {

constexpr std::size_t most_blocks_held = 20'000;
constexpr std::uint32_t most_attempts = 15;
constexpr char empty_byte = static_cast<char>(empty_cell);
/// Not given to a task yet: only stored, never shown.
constexpr char unset_byte = static_cast<char>(0xff);

std::uint64_t join(name_number job, std::uint32_t block) {
    return (static_cast<std::uint64_t>(job) << 32U) | block;
}

std::string key_of(char table, std::uint64_t joined) {
    std::string key(1, table);
    store::append_u64(key, joined);
    return key;
}

/// A place after `last`: mostly the next offsets of the same topic partition.
void write_place(std::string& out, const row_place& last, const row_place& at, bool first) {
    byte_writer w(out);
    const bool same = !first && last.shard == at.shard && last.record.queue == at.record.queue &&
                      last.record.priority == at.record.priority;
    w.u8(same ? 1 : 0);
    if (!same) {
        w.signed_number(at.shard);
        w.text(at.record.queue);
        w.signed_number(at.record.priority);
    }
    w.signed_number(at.record.offset.value() - (same ? last.record.offset.value() : 0));
}

row_place read_place(byte_reader& r, const row_place& last) {
    row_place at = last;
    const bool same = r.u8() != 0;
    if (!same) {
        at.shard = r.named_number<model::shard_id>();
        at.record.queue = r.named_text<model::queue_name>();
        at.record.priority = r.named_number<model::priority>();
    }
    at.record.offset = model::offset{r.signed_number() + (same ? last.record.offset.value() : 0)};
    return at;
}

}  // namespace

std::uint8_t cell_of(model::task_state state, std::uint32_t attempts) {
    return static_cast<std::uint8_t>(static_cast<std::uint32_t>(state) |
                                     (std::min(attempts, most_attempts) << 4U));
}

state_map::cells& state_map::cells_at(name_number job, std::uint32_t block) {
    const auto [found, made] = cells_.try_emplace(join(job, block));
    if (made) {
        const auto stored = state_.get(key_of('M', join(job, block)));
        found->second.bytes = stored ? *stored : std::string(cells_a_block, unset_byte);
    }
    return found->second;
}

state_map::places& state_map::places_at(name_number job, std::uint32_t block) {
    const auto [found, made] = places_.try_emplace(join(job, block));
    places& p = found->second;
    if (made) {
        if (const auto stored = state_.get(key_of('J', join(job, block)))) {
            p.bytes = *stored;
            byte_reader r(p.bytes);
            while (!r.at_end()) {
                p.last = read_place(r, p.last);
                ++p.count;
            }
        }
    }
    return p;
}

void state_map::place(name_number job, std::uint32_t ordinal, const row_place& at) {
    places& p = places_at(job, ordinal / places_a_block);
    write_place(p.bytes, p.last, at, p.count == 0);
    p.last = at;
    ++p.count;
    if (!std::exchange(p.changed, true)) {
        changed_places_.push_back(join(job, ordinal / places_a_block));
    }
}

void state_map::set(name_number job, std::uint32_t ordinal, std::uint8_t cell) {
    cells& c = cells_at(job, ordinal / cells_a_block);
    char& byte = c.bytes.at(ordinal % cells_a_block);
    if (byte != static_cast<char>(cell)) {
        byte = static_cast<char>(cell);
        if (!std::exchange(c.changed, true)) {
            changed_cells_.push_back(join(job, ordinal / cells_a_block));
        }
    }
}

std::string state_map::read(name_number job, std::uint32_t from, std::uint32_t count) {
    std::string out(count, empty_byte);
    write_changed();
    const std::string prefix = key_of('M', join(job, 0)).substr(0, 1 + sizeof(name_number));
    const std::uint64_t end = std::uint64_t{from} + count;
    state_.scan(prefix, key_of('M', join(job, from / cells_a_block)),
                [&](std::string_view key, std::string_view value) {
                    key.remove_prefix(prefix.size());
                    const std::uint64_t start = std::uint64_t{store::take_u32(key)} * cells_a_block;
                    if (start >= end) {
                        return false;
                    }
                    const auto first = std::max<std::uint64_t>(start, from);
                    const auto last = std::min<std::uint64_t>(start + value.size(), end);
                    std::copy(value.begin() + static_cast<std::ptrdiff_t>(first - start),
                              value.begin() + static_cast<std::ptrdiff_t>(last - start),
                              out.begin() + static_cast<std::ptrdiff_t>(first - from));
                    return true;
                });
    std::replace(out.begin(), out.end(), unset_byte, empty_byte);
    return out;
}

std::optional<row_place> state_map::place_of(name_number job, std::uint32_t ordinal) const {
    const auto block = join(job, ordinal / places_a_block);
    const auto held = places_.find(block);
    const auto bytes =
        held == places_.end() ? state_.get(key_of('J', block)).value_or("") : held->second.bytes;
    byte_reader r(bytes);
    row_place at;
    for (std::uint32_t n = 0; !r.at_end(); ++n) {
        at = read_place(r, at);
        if (n == ordinal % places_a_block) {
            return at;
        }
    }
    return std::nullopt;
}

void state_map::write_changed() {
    for (const auto key : changed_cells_) {
        cells& c = cells_.at(key);
        c.changed = false;
        if (std::count(c.bytes.begin(), c.bytes.end(), empty_byte) == cells_a_block) {
            erase(key);
        } else {
            state_.put(key_of('M', key), c.bytes);
        }
    }
    for (const auto key : changed_places_) {
        const auto held = places_.find(key);
        if (held != places_.end()) {  // else all its tasks are gone
            held->second.changed = false;
            state_.put(key_of('J', key), held->second.bytes);
        }
    }
    changed_cells_.clear();
    changed_places_.clear();
}

/// All tasks of the block are gone.
void state_map::erase(block_key cells) {
    constexpr std::uint32_t ratio = cells_a_block / places_a_block;
    state_.erase(key_of('M', cells));
    const auto job = static_cast<name_number>(cells >> 32U);
    const auto first = static_cast<std::uint32_t>(cells) * ratio;
    for (std::uint32_t n = 0; n < ratio; ++n) {
        places_.erase(join(job, first + n));
        state_.erase(key_of('J', join(job, first + n)));
    }
}

void state_map::forget_some() {
    if (cells_.size() + places_.size() > most_blocks_held) {
        forget_all();
    }
}

void state_map::forget_all() {
    cells_.clear();
    places_.clear();
    changed_cells_.clear();
    changed_places_.clear();
}

}  // namespace kwq::tracker
