// state_map: a job's tasks as one byte each, in the order in which the tracker first saw them, and
// where each of them is. Blocks of a fixed number of tasks; those that changed since the last
// commit are in memory.
//
// The order is that of the job's records wherever one topic partition holds them all; records of
// several partitions come in the order of their timestamps as far as they are read together, so a
// state that is built again may order neighbours of different partitions otherwise.
#pragma once

#include "store/kv.hpp"
#include "tracker/keys.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kwq::tracker {

/// No task: a duplicate, rejected, or gone.
inline constexpr std::uint8_t empty_cell = 0x0f;
/// The state below, the attempts above, fifteen for more.
std::uint8_t cell_of(model::task_state state, std::uint32_t attempts);

class state_map {
public:
    explicit state_map(store::kv& state) : state_(state) {}

    /// The task that comes as number `ordinal` of its job: where it is. Ordinals are given one
    /// after the other.
    void place(name_number job, std::uint32_t ordinal, const row_place& at);
    void set(name_number job, std::uint32_t ordinal, std::uint8_t cell);

    /// `count` cells from `from` on; what is not stored is empty.
    std::string read(name_number job, std::uint32_t from, std::uint32_t count);
    std::optional<row_place> place_of(name_number job, std::uint32_t ordinal) const;

    void write_changed();  // into the state's batch
    void forget_some();    // after the commit, when many are held
    void forget_all();

private:
    static constexpr std::uint32_t cells_a_block = 256;
    static constexpr std::uint32_t places_a_block = 64;

    struct cells {
        std::string bytes;
        bool changed = false;
    };
    struct places {
        std::string bytes;
        std::uint32_t count = 0;
        row_place last;
        bool changed = false;
    };
    using block_key = std::uint64_t;  // job, block

    cells& cells_at(name_number job, std::uint32_t block);
    places& places_at(name_number job, std::uint32_t block);
    void erase(block_key cells);

    store::kv& state_;
    std::unordered_map<block_key, cells> cells_;
    std::unordered_map<block_key, places> places_;
    // Since the last commit: it is not to look at all that is held.
    std::vector<block_key> changed_cells_;
    std::vector<block_key> changed_places_;
};

}  // namespace kwq::tracker
