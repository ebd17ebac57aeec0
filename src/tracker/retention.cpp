#include "tracker/retention.hpp"

#include "store/bytes.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace kwq::tracker {

namespace {

constexpr milliseconds shortest_round{1'000};
constexpr milliseconds longest_round{3'600'000};
constexpr int rounds_a_retention = 8;
constexpr std::string_view position_key = "D";
constexpr std::string_view latest_key = "Dl";

}  // namespace

retention::retention(tables& t, retention_times keep) : tables_(t), keep_(std::move(keep)) {
    reload();
}

void retention::reload() {
    next_ = tables_.state.get(position_key).value_or("");
    const auto latest = tables_.state.get(latest_key);
    is_warmed_ = false;
    latest_end_ = latest ? store::byte_reader(*latest).named_number<instant>() : instant{0};
}

std::optional<milliseconds> retention::round() const {
    auto shortest = keep_.usual;
    for (const auto& [job, keep] : keep_.by_job) {
        if (keep > milliseconds{0} && (shortest == milliseconds{0} || keep < shortest)) {
            shortest = keep;
        }
    }
    if (shortest == milliseconds{0}) {
        return std::nullopt;
    }
    return std::clamp(shortest / rounds_a_retention, shortest_round, longest_round);
}

bool retention::is_prepared(std::size_t rows) {
    if (!tables_.state.is_warming() && !std::exchange(is_warmed_, true)) {
        tables_.state.warm(keys::all_rows(), next_, rows);
    }
    return is_warmed_ && !tables_.state.is_warming();
}

std::size_t retention::advance(instant now, std::size_t rows) {
    struct ended {
        row_place place;
        instant at;
    };
    std::vector<ended> over;
    std::size_t seen = 0;
    is_warmed_ = false;
    const auto from = std::exchange(next_, {});
    const auto all = keys::all_rows();
    tables_.state.scan(all, from, [&](std::string_view key, std::string_view value) {
        if (seen++ == rows) {
            next_ = std::string(key);
            return false;
        }
        const auto row = read_row(value);
        const auto place = keys::place_in_row(key);
        instant ended_at{0};
        if (is_over(place, row, now, ended_at)) {
            over.push_back({place, ended_at});
        }
        return true;
    });
    for (const auto& e : over) {
        tables_.remove_row(e.place, e.at);
        latest_end_ = std::max(latest_end_, e.at);
    }
    if (!over.empty()) {
        std::string latest;
        store::byte_writer(latest).signed_number(latest_end_);
        tables_.state.put(latest_key, latest);
    }
    tables_.state.put(position_key, next_);
    return over.size();
}

/// Ended so long ago that it is not kept any more, and counted everywhere as what it is.
bool retention::is_over(const row_place& place, const task_row& row, instant now,
                        instant& ended_at) {
    ended_at = row.ended_at;
    if (!is_dropped(row)) {
        const auto state = model::state_of(tables_.effective(place, row, &ended_at));
        const bool over =
            state == model::task_state::complete || state == model::task_state::cancelled;
        if (!over || state != row.listed) {
            return false;
        }
    }
    auto keep = keep_.usual;
    if (!keep_.by_job.empty() && row.known) {
        const model::job_name job{tables_.names.name_of(name_kind::job, row.job)};
        if (const auto own = keep_.by_job.find(job); own != keep_.by_job.end()) {
            keep = own->second;
        }
    }
    return keep > milliseconds{0} && ended_at > instant{0} && now - ended_at > keep;
}

}  // namespace kwq::tracker
