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
constexpr std::string_view due_key = "Dn";

milliseconds shortest_of(const retention_times& times) {
    auto shortest = times.usual;
    for (const auto& [job, keep] : times.by_job) {
        if (keep > milliseconds{0} && (shortest == milliseconds{0} || keep < shortest)) {
            shortest = keep;
        }
    }
    return shortest;
}

}  // namespace

retention::retention(tables& t, retention_times keep)
    : tables_(t), keep_(std::move(keep)), shortest_(shortest_of(keep_)) {
    reload();
}

void retention::reload() {
    next_ = tables_.state.get(position_key).value_or("");
    const auto latest = tables_.state.get(latest_key);
    is_warmed_ = false;
    latest_end_ = latest ? store::byte_reader(*latest).named_number<instant>() : instant{0};
    next_due_.reset();
    due_ = instant{0};
    if (const auto stored = tables_.state.get(due_key)) {
        store::byte_reader r(*stored);
        const auto due = r.named_number<instant>();
        due_ = r.rest() == times() ? due : instant{0};
    }
}

/// What is kept how long, in a few bytes: with other times, other tasks leave.
std::string retention::times() const {
    std::string out;
    store::byte_writer w(out);
    w.signed_number(keep_.usual.count());
    for (const auto& [job, keep] : keep_.by_job) {
        w.text(job);
        w.signed_number(keep.count());
    }
    return out;
}

void retention::put_due() {
    std::string out;
    store::byte_writer(out).signed_number(due_);
    tables_.state.put(due_key, out + times());
}

std::optional<milliseconds> retention::round() const {
    if (shortest_ == milliseconds{0}) {
        return std::nullopt;
    }
    return std::clamp(shortest_ / rounds_a_retention, shortest_round, longest_round);
}

void retention::note_event(instant at) {
    const auto leaves_at = at + shortest_;
    if (next_due_) {
        next_due_ = std::min(*next_due_, leaves_at);
    }
    if (leaves_at < due_) {
        due_ = leaves_at;
        put_due();
    }
}

/// What ends from now on is noted by its event.
void retention::begin_round(instant now) {
    next_due_ = now + shortest_;
}

void retention::end_round() {
    due_ = std::exchange(next_due_, {}).value_or(instant{0});
    put_due();
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
    if (at_start()) {
        begin_round(now);
    }
    const auto from = std::exchange(next_, {});
    const auto all = keys::all_rows();
    tables_.state.scan(all, from, [&](std::string_view key, std::string_view value) {
        if (seen++ == rows) {
            next_ = std::string(key);
            return false;
        }
        const auto row = read_row(value);
        const auto place = keys::place_in_row(key);
        const auto ending = ending_of(place, row);
        if (ending && ending->leaves_at < now) {
            over.push_back({place, ending->ended_at});
        } else if (ending && next_due_) {
            next_due_ = std::min(*next_due_, ending->leaves_at);
        }
        return true;
    });
    if (at_start()) {
        end_round();
    }
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

/// Of those that are counted everywhere as what they are; the others are looked at again.
std::optional<retention::ending> retention::ending_of(const row_place& place, const task_row& row) {
    instant ended_at = row.ended_at;
    if (!is_dropped(row)) {
        const auto state = model::state_of(tables_.effective(place, row, &ended_at));
        if (state != model::task_state::complete && state != model::task_state::cancelled) {
            return std::nullopt;
        }
        if (state != row.listed) {
            next_due_.reset();
            return std::nullopt;
        }
    }
    const auto keep = keep_of(row);
    return keep > milliseconds{0} && ended_at > instant{0}
               ? std::optional(ending{ended_at, ended_at + keep})
               : std::nullopt;
}

milliseconds retention::keep_of(const task_row& row) {
    if (!keep_.by_job.empty() && row.known) {
        const model::job_name job{tables_.names.name_of(name_kind::job, row.job)};
        if (const auto own = keep_.by_job.find(job); own != keep_.by_job.end()) {
            return own->second;
        }
    }
    return keep_.usual;
}

}  // namespace kwq::tracker
