// `kwq export`: every task as a row of an SQL table, and kept so with --follow. Writing the same
// row again changes nothing, so it may be interrupted, and run again, at any time.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/quantity.hpp"
#include "cli/requests.hpp"
#include "cli/sqlite_table.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"

namespace kwq::cli {

namespace {

constexpr milliseconds longest_export{24LL * 3'600 * 1'000};
constexpr std::uint64_t rows_in_a_commit = 5'000;
/// A change within the same millisecond as one that was read would look as if it had been read too.
constexpr std::int64_t settled_after_ms = 5'000;
const std::vector<std::string_view> opaque_members{"result", "progress"};

/// One pass over the jobs that have changed since they were read.
class pass {
public:
    pass(session& s, sqlite_table& to) : session_(s), to_(to) {}

    outcome<void> all_jobs();
    outcome<void> one_job(const std::string& job);
    std::uint64_t rows() const { return rows_; }

private:
    outcome<void> read_clock();
    outcome<void> look_at(const codec::json_value& job);
    outcome<void> read_job(const std::string& job, const job_mark& mark);
    outcome<void> take(std::string_view line);

    session& session_;
    sqlite_table& to_;
    std::int64_t now_ = 0;  // the server's
    std::uint64_t rows_ = 0;
};

outcome<void> pass::read_clock() {
    const auto stats = session_.ask({.target = "/stats"});
    if (!stats) {
        return stats.error();
    }
    now_ = integer_field(stats->root(), "now_at");
    return {};
}

outcome<void> pass::all_jobs() {
    if (auto clock = read_clock(); !clock) {
        return clock;
    }
    std::string cursor;
    do {
        const auto page = session_.ask(
            {.target = "/jobs" + query_string({{"limit", "1000"}, {"cursor", cursor}})});
        if (!page) {
            return page.error();
        }
        for (const codec::json_value& job : array_field(page->root(), "items")) {
            if (auto done = look_at(job); !done || interrupted()) {
                return done;
            }
        }
        cursor = text_field(page->root(), "next_cursor");
    } while (!cursor.empty());
    return {};
}

outcome<void> pass::one_job(const std::string& job) {
    if (auto clock = read_clock(); !clock) {
        return clock;
    }
    const auto found = session_.ask({.target = "/jobs/" + segment(job)});
    return found ? look_at(found->root()) : outcome<void>(found.error());
}

outcome<void> pass::look_at(const codec::json_value& job) {
    const std::string name = text_field(job, "job");
    const auto before = to_.mark_of(name);
    if (!before) {
        return before.error();
    }
    job_mark mark{.last_at = integer_field(job, "last_at"), .settled = false};
    mark.settled = mark.last_at + settled_after_ms < now_ && integer_field(job, "settling") == 0;
    if (before->settled && before->last_at == mark.last_at) {
        return {};
    }
    return read_job(name, mark);
}

/// Its mark goes with the last of its rows, so that a pass that ends before is made again.
outcome<void> pass::read_job(const std::string& job, const job_mark& mark) {
    if (auto begun = to_.begin(); !begun) {
        return begun;
    }
    outcome<void> written;
    const auto heard = session_.ask_lines(
        {.target =
             "/tasks" + query_string({{"job", job}, {"format", "ndjson"}, {"order", "oldest"}}),
         .timeout = longest_export},
        [&](std::string_view line) { written = written ? take(line) : written; });
    outcome<void> done = heard ? written : heard;
    done = done ? to_.set_mark(job, mark) : done;
    done = done ? to_.commit() : done;
    if (!done) {
        to_.roll_back();
    }
    return done;
}

outcome<void> pass::take(std::string_view line) {
    const auto parsed = codec::json_document::parse_view(line, opaque_members);
    if (!parsed) {
        return failure{exit_code::error, "a line of the list is no JSON: " + parsed.error().detail};
    }
    if (auto put = to_.put(parsed->root()); !put) {
        return put;
    }
    if (++rows_ % rows_in_a_commit != 0) {
        return {};
    }
    const auto saved = to_.commit();
    return saved ? to_.begin() : saved;
}

class export_command : public command {
public:
    description describe() override {
        return {
            .name = "export",
            .summary = "Write tasks to an SQL table",
            .details =
                "One row for each task in the table `tasks`, its tags also in the view "
                "`task_tags`. Run again it writes what has changed since; with "
                "--follow it goes on doing so. Rows stay when the server has "
                "forgotten their tasks.",
            .options =
                {{"--sqlite", "FILE", "The SQLite file; made when missing", &file_, {"file"}},
                 {"-j,--job", "JOB", "Only of this job", &job_, {}},
                 {"-f,--follow", "", "Go on until interrupted", &follow_, {}},
                 {"--interval", "TIME", "With --follow: how often; default: 2s", &interval_, {}}},
            .arguments = {},
            .examples = {"kwq export --sqlite tasks.db --follow",
                         "sqlite3 tasks.db \"SELECT state, count(*) FROM tasks GROUP BY 1\""}};
    }

    outcome<exit_code> run(session* s) override {
        if (file_.empty()) {
            return usage_failure("where to: --sqlite FILE");
        }
        catch_interrupts();
        const auto table = open_sqlite_table(file_);
        if (!table) {
            return table.error();
        }
        std::uint64_t rows = 0;
        bool failing = false;
        do {
            pass one(*s, **table);
            const auto done = job_.empty() ? one.all_jobs() : one.one_job(job_);
            rows += one.rows();
            if (!done && (!follow_ || !done.error().may_pass)) {
                return done.error();
            }
            if (!done && !failing) {
                s->say("Waiting: " + done.error().message);
            }
            failing = !done;
        } while (follow_ && wait_for(interval_.value_or(milliseconds{2'000})));
        s->say(human_count(static_cast<std::int64_t>(rows)) + " rows written to " + file_ + ".");
        return exit_code::ok;
    }

private:
    std::string file_, job_;
    std::optional<milliseconds> interval_;
    bool follow_ = false;
};

}  // namespace

std::unique_ptr<command> make_export_command() {
    return std::make_unique<export_command>();
}

}  // namespace kwq::cli
