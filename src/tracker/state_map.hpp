// state_map: a job's tasks as one byte each, in the order in which the tracker first saw them, and
// where each of them is. Blocks of a fixed number of tasks, which grow without being read
// (store/merging.hpp).
//
// The order is that of the job's records wherever one topic partition holds them all; records of
// several partitions come in the order of their timestamps as far as they are read together, so a
// state that is built again may order neighbours of different partitions otherwise.
#pragma once

#include "store/kv.hpp"
#include "store/merging.hpp"
#include "tracker/keys.hpp"

#include <cstdint>
#include <optional>
#include <string>

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
    std::string read(name_number job, std::uint32_t from, std::uint32_t count) const;
    std::optional<row_place> place_of(name_number job, std::uint32_t ordinal) const;

private:
    static constexpr std::uint32_t cells_a_block = store::cells_a_value;
    static constexpr std::uint32_t places_a_block = 64;
    using block = std::uint64_t;  // job, number

    void erase(block cells);

    store::kv& state_;
};

}  // namespace kwq::tracker
