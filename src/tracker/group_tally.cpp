#include "tracker/group_tally.hpp"

#include "store/merging.hpp"
#include "store/tally.hpp"

#include <array>
#include <cstddef>

namespace kwq::tracker {

namespace {

using store::joining;

// Slots. They ascend as they are written.
constexpr std::uint64_t of_states = 0;
constexpr std::uint64_t of_sums = 16;
constexpr std::uint64_t first_at = 32;
constexpr std::uint64_t last_at = 33;
constexpr std::uint64_t ordinals = 34;
constexpr std::uint64_t tags_counted = 35;
constexpr std::uint64_t of_wait = 256;  // of each distribution: sum, greatest, then its buckets
constexpr std::uint64_t of_run = 1'024;
constexpr std::uint64_t distribution_end = 2'048;
constexpr std::uint64_t of_cells = 4'096;                       // by lane, level and state
constexpr std::uint64_t of_finished = std::uint64_t{1} << 48U;  // by step

constexpr std::array sums{&group::submitted, &group::retries, &group::duplicates, &group::rejected};

static_assert(store::kept_lately == recent_rate::kept_steps);
static_assert(of_wait + 2 + histogram::bucket_count <= of_run &&
              of_run + 2 + histogram::bucket_count <= distribution_end);

constexpr unsigned level_bits = 8;
constexpr unsigned state_bits = 3;
static_assert(std::tuple_size_v<state_counts> <= 1U << state_bits);

std::uint64_t slot_of(const job_cell& c) {
    const auto level = static_cast<std::uint64_t>(c.level.value());
    return of_cells + ((std::uint64_t{c.lane} << level_bits | level) << state_bits);
}

void write_cells(store::tally_writer& w, const std::vector<job_cell>& cells) {
    for (const auto& c : cells) {
        for (std::size_t s = 0; s < c.counts.size(); ++s) {
            w.put({slot_of(c) + s, joining::sum, c.counts.at(s)});
        }
    }
}

void read_cell(std::vector<job_cell>& cells, std::uint64_t slot, std::int64_t number) {
    const auto place = slot >> state_bits;
    const auto lane = static_cast<name_number>(place >> level_bits);
    const model::priority level{static_cast<std::int32_t>(place & ((1U << level_bits) - 1))};
    if (cells.empty() || cells.back().lane != lane || cells.back().level != level) {
        cells.push_back({lane, level, {}});
    }
    cells.back().counts.at(slot & ((1U << state_bits) - 1)) = number;
}

void write_distribution(store::tally_writer& w, std::uint64_t base, const histogram& h) {
    if (h.count() == 0) {
        return;
    }
    w.put({base, joining::sum, static_cast<std::int64_t>(h.sum_ms())});
    w.put({base + 1, joining::greatest, static_cast<std::int64_t>(h.max_ms())});
    h.each_bucket([&](std::uint32_t index, std::uint64_t count) {
        w.put({base + 2 + index, joining::sum, static_cast<std::int64_t>(count)});
    });
}

void read_into(histogram& h, std::uint64_t slot, std::int64_t number) {
    const auto n = static_cast<std::uint64_t>(number);
    if (slot == 0) {
        h.add_sum_ms(n);
    } else if (slot == 1) {
        h.raise_max_ms(n);
    } else {
        h.add_bucket(static_cast<std::uint32_t>(slot - 2), n);
    }
}

void read_into(group& g, const store::tallied& t) {
    if (t.slot >= of_finished) {
        g.finished.add_step(static_cast<std::int64_t>(t.slot - of_finished), t.number);
    } else if (t.slot >= of_cells) {
        read_cell(g.cells, t.slot - of_cells, t.number);
    } else if (t.slot >= of_run) {
        read_into(g.run, t.slot - of_run, t.number);
    } else if (t.slot >= of_wait) {
        read_into(g.wait, t.slot - of_wait, t.number);
    } else if (t.slot == tags_counted) {
        g.tags_counted = true;
    } else if (t.slot == ordinals) {
        g.ordinals = static_cast<std::uint32_t>(t.number);
    } else if (t.slot == last_at) {
        g.last_at = instant{t.number};
    } else if (t.slot == first_at) {
        g.first_at = instant{t.number};
    } else if (t.slot >= of_sums) {
        g.*sums.at(t.slot - of_sums) = t.number;
    } else {
        g.counts.at(t.slot) = t.number;
    }
}

}  // namespace

std::string write_group(const group& g) {
    std::string out = store::tally_operand({});
    store::tally_writer w(out);
    for (std::size_t s = 0; s < g.counts.size(); ++s) {
        w.put({of_states + s, joining::sum, g.counts.at(s)});
    }
    for (std::size_t n = 0; n < sums.size(); ++n) {
        w.put({of_sums + n, joining::sum, g.*sums.at(n)});
    }
    if (g.first_at) {
        w.put({first_at, joining::least, g.first_at->value()});
    }
    if (g.last_at) {
        w.put({last_at, joining::greatest, g.last_at->value()});
    }
    if (g.ordinals > 0) {
        w.put({ordinals, joining::greatest, g.ordinals});
    }
    if (g.tags_counted) {
        w.put({tags_counted, joining::greatest, 1});
    }
    write_distribution(w, of_wait, g.wait);
    write_distribution(w, of_run, g.run);
    write_cells(w, g.cells);
    g.finished.each_step([&](std::int64_t step, std::int64_t finished) {
        w.put({of_finished + static_cast<std::uint64_t>(step), joining::lately, finished});
    });
    return out;
}

group read_group(std::string_view stored) {
    group g;
    for (store::tally_reader r(store::read_tally(stored)); !r.at_end(); r.next()) {
        read_into(g, r.now());
    }
    return g;
}

bool is_empty(std::string_view written) {
    return store::read_tally(written).empty();
}

}  // namespace kwq::tracker
