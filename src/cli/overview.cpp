// overview: see the header.
#include "cli/overview.hpp"

#include "cli/fields.hpp"
#include "cli/quantity.hpp"
#include "cli/table.hpp"

namespace kwq::cli {

namespace {

std::string title(const std::string& text, const look& how) {
    return "\n" + (how.colours ? "\x1b[1m" + text + "\x1b[0m" : text) + "\n";
}

std::string trimmed(const std::string& json) {
    const auto end = json.find_last_not_of(" \r\n");
    return end == std::string::npos ? "null" : json.substr(0, end + 1);
}

}  // namespace

outcome<overview> read_overview(session& s) {
    auto stats = s.ask({.target = "/stats"});
    if (!stats) {
        return stats.error();
    }
    auto queues = s.ask({.target = "/queues"});
    if (!queues) {
        return queues.error();
    }
    auto workers = s.ask({.target = "/workers"});
    if (!workers) {
        return workers.error();
    }
    auto jobs = s.ask({.target = "/jobs?limit=20"});
    if (!jobs) {
        return jobs.error();
    }
    return overview{std::move(*stats), std::move(*queues), std::move(*workers), std::move(*jobs)};
}

std::string overview_json(const overview& o) {
    return "{\"stats\":" + trimmed(o.stats.body) + ",\"queues\":" + trimmed(o.queues.body) +
           ",\"workers\":" + trimmed(o.workers.body) + ",\"jobs\":" + trimmed(o.jobs.body) + "}\n";
}

std::string overview_text(const overview& o, const look& how) {
    std::string out;
    const auto& stats = o.stats.root();
    if (const auto* dispatch = object_field(stats, "dispatch")) {
        const auto until = instant_field(*dispatch, "until_at");
        const auto reason = printable(text_field(*dispatch, "reason"));
        out += "dispatch    " + printable(text_field(*dispatch, "state")) +
               (until ? ", running again " + human_age(*until, how.now) : "") +
               (reason.empty() ? "" : " (" + reason + ")") + "\n";
    }
    if (const auto* overall = object_field(stats, "overall")) {
        out += "tasks       " + counts_line(*overall) + "\n";
    }
    out += title("Queues", how) + queues_table(o.queues.root(), how);
    out += title("Workers", how) + workers_table(o.workers.root(), how);
    out += title("Jobs", how) + groups_table(o.jobs.root(), "job", how);
    return out;
}

std::int64_t ended_count(const overview& o) {
    const auto* overall = object_field(o.stats.root(), "overall");
    return overall == nullptr ? 0
                              : count_of(*overall, "complete") + count_of(*overall, "error") +
                                    count_of(*overall, "cancelled");
}

}  // namespace kwq::cli
