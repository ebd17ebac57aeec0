// event_views: what happened when, errors by group, and a job's tasks as a map.
#include "tracker/page_cursor.hpp"
#include "tracker/queries.hpp"

#include <algorithm>

namespace kwq::tracker {

namespace {

constexpr std::size_t most_jobs_shown = 10;
constexpr std::size_t jobs_looked_at = 32;  // of each group of a page
constexpr std::size_t jobs_looked_at_alone = 1'000;

/// Sorts groups: the largest or newest first, then by fingerprint.
struct rank {
    std::int64_t value = 0;
    std::uint64_t group = 0;
    friend auto operator<=>(const rank&, const rank&) = default;
};

std::string write_rank(const rank& r) {
    std::string out;
    store::append_u64(out, static_cast<std::uint64_t>(r.value));
    store::append_u64(out, r.group);
    return out;
}

rank read_rank(std::string_view bytes) {
    const auto value = static_cast<std::int64_t>(store::take_u64(bytes));
    return {value, store::take_u64(bytes)};
}

model::error job_unknown() {
    return {model::errc::job_unknown, "no task of this job was submitted", "job"};
}

}  // namespace

result<error_page> queries::errors(const error_query& q) {
    std::string question = q.newest_first ? "errors,last" : "errors,count";
    auto scope = error_groups::everything;
    if (q.job) {
        const auto n = tables_.names.find(name_kind::job, q.job->value());
        if (!n) {
            return job_unknown();
        }
        scope = *n;
        question.append(1, '\0').append(q.job->value());
    }
    std::optional<rank> after;
    if (!q.cursor.empty()) {
        const auto last = read_cursor(question, q.cursor);
        if (!last) {
            return last.error();
        }
        after = read_rank(*last);
    }
    std::vector<rank> ranks;
    for (const auto& [group, sums] : tables_.errors.all(scope)) {
        const rank r{q.newest_first ? sums.last_at.value() : sums.count, group.value()};
        if (!after || r < *after) {
            ranks.push_back(r);
        }
    }
    const auto shown = std::min<std::size_t>(page_limit(q.limit), ranks.size());
    const auto end = ranks.begin() + static_cast<std::ptrdiff_t>(shown);
    std::partial_sort(ranks.begin(), end, ranks.end(), std::greater<>());
    error_page page;
    for (auto r = ranks.begin(); r != end; ++r) {
        page.items.push_back(error_in(scope, error_fingerprint{r->group}, jobs_looked_at));
    }
    if (shown < ranks.size()) {
        page.next_cursor = write_cursor(question, write_rank(*(end - 1)));
    }
    return page;
}

result<error_view> queries::error(error_fingerprint group) {
    if (!tables_.errors.sums(error_groups::everything, group)) {
        return model::error{model::errc::error_unknown, "no failure has this fingerprint", "error"};
    }
    return error_in(error_groups::everything, group, jobs_looked_at_alone);
}

error_view queries::error_in(error_groups::scope scope, error_fingerprint group,
                             std::size_t most_jobs) {
    error_view v;
    v.error = group;
    v.sums = tables_.errors.sums(scope, group).value_or(error_sums{});
    v.detail = tables_.errors.detail(scope, group);
    auto jobs = scope == error_groups::everything ? tables_.errors.jobs_of(group, most_jobs)
                                                  : std::vector{scope};
    for (const auto job : jobs) {
        v.jobs.emplace_back(tables_.names.name_of(name_kind::job, job),
                            tables_.errors.sums(job, group).value_or(error_sums{}).count);
    }
    std::stable_sort(v.jobs.begin(), v.jobs.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    v.jobs.resize(std::min(v.jobs.size(), most_jobs_shown));
    return v;
}

std::vector<window_view> queries::windows(const series_question& q) {
    const auto step = resolutions.at(q.resolution).step_s;
    const auto found = tables_.windows.read(q);
    std::vector<window_view> out;
    for (auto start = q.from_s; start < q.to_s; start += step) {
        auto& v = out.emplace_back();
        v.end = instant{(start + step) * 1'000};
        if (const auto w = found.find(start); w != found.end()) {
            v.counts = w->second.counts;
            v.wait = w->second.wait.summary();
            v.run = w->second.run.summary();
        }
    }
    return out;
}

result<state_map_view> queries::state_map(const state_map_question& q) {
    const auto n = tables_.names.find(name_kind::job, q.job.value());
    if (!n) {
        return job_unknown();
    }
    state_map_view v;
    v.total = tables_.jobs.ordinals(*n);
    if (q.from < v.total) {
        tables_.rows.write();
        v.cells = tables_.cells.read(*n, q.from, std::min(q.count, v.total - q.from));
    }
    return v;
}

result<task_view> queries::task_at(const model::job_name& job, std::uint32_t index) {
    const auto n = tables_.names.find(name_kind::job, job.value());
    if (!n) {
        return job_unknown();
    }
    const auto place = tables_.cells.place_of(*n, index);
    const auto row = place ? tables_.rows.look(*place) : std::nullopt;
    if (!row || is_dropped(*row)) {
        return model::error{model::errc::task_unknown, "no task of the job is there", "index"};
    }
    return view(*place, *row, true);
}

}  // namespace kwq::tracker
