#include "cli/sqlite_table.hpp"

#include "cli/fields.hpp"

#include <sqlite3.h>

#include <array>
#include <string_view>

namespace kwq::cli {

using codec::json_value;

namespace {

constexpr int busy_ms = 5'000;

constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY NOT NULL, queue TEXT NOT NULL, priority INTEGER NOT NULL, job TEXT NOT NULL,
    tags TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, spent INTEGER NOT NULL,
    worker TEXT, error TEXT, error_group TEXT, cancel_reason TEXT, progress TEXT, result TEXT,
    submitted_at INTEGER NOT NULL, scheduled_for_at INTEGER, allocated_at INTEGER,
    running_at INTEGER, ended_at INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tasks_by_job ON tasks (job, state);
CREATE TABLE IF NOT EXISTS kwq_export (
    job TEXT PRIMARY KEY NOT NULL, last_at INTEGER NOT NULL, settled INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS task_tags AS
    SELECT tasks.id AS id, tag.value AS tag FROM tasks, json_each(tasks.tags) AS tag;
)";

constexpr const char* put_task =
    "INSERT OR REPLACE INTO tasks (id, queue, priority, job, tags, state, attempts, spent, worker, "
    "error, error_group, cancel_reason, progress, result, submitted_at, scheduled_for_at, "
    "allocated_at, running_at, ended_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

/// How a member of a task becomes a cell.
enum class cell_form : unsigned char { text, optional_text, json, tags, number, optional_number };

struct task_column {
    std::string_view member;
    cell_form as;
};

constexpr std::array task_columns = {
    task_column{"id", cell_form::text},
    task_column{"queue", cell_form::text},
    task_column{"priority", cell_form::number},
    task_column{"job", cell_form::text},
    task_column{"tags", cell_form::tags},
    task_column{"state", cell_form::text},
    task_column{"attempt", cell_form::number},
    task_column{"spent", cell_form::number},
    task_column{"worker", cell_form::optional_text},
    task_column{"error", cell_form::optional_text},
    task_column{"error_group", cell_form::optional_text},
    task_column{"cancel_reason", cell_form::optional_text},
    task_column{"progress", cell_form::json},
    task_column{"result", cell_form::json},
    task_column{"submitted_at", cell_form::number},
    task_column{"scheduled_for_at", cell_form::optional_number},
    task_column{"allocated_at", cell_form::optional_number},
    task_column{"running_at", cell_form::optional_number},
    task_column{"ended_at", cell_form::optional_number},
};

struct close_database {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
};
struct end_statement {
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using statement = std::unique_ptr<sqlite3_stmt, end_statement>;

class sqlite_file final : public sqlite_table {
public:
    explicit sqlite_file(sqlite3* db) : db_(db) {}

    outcome<void> prepare() {
        sqlite3_busy_timeout(db_.get(), busy_ms);
        if (auto made = execute(schema); !made) {
            return made;
        }
        put_ = compile(put_task);
        find_mark_ = compile("SELECT last_at, settled FROM kwq_export WHERE job = ?");
        put_mark_ = compile(
            "INSERT OR REPLACE INTO kwq_export (job, last_at, settled) "
            "VALUES (?,?,?)");
        return put_ && find_mark_ && put_mark_ ? outcome<void>() : outcome<void>(reason());
    }

    outcome<void> begin() override { return execute("BEGIN IMMEDIATE"); }
    outcome<void> commit() override { return execute("COMMIT"); }
    void roll_back() override { sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr); }

    outcome<void> put(const json_value& task) override {
        for (std::size_t i = 0; i < task_columns.size(); ++i) {
            bind(static_cast<int>(i) + 1, task_columns[i], task);
        }
        return finish(put_.get());
    }

    outcome<job_mark> mark_of(const std::string& job) override {
        job_mark found;
        bind_text(find_mark_.get(), 1, job);
        const int got = sqlite3_step(find_mark_.get());
        if (got == SQLITE_ROW) {
            found.last_at = sqlite3_column_int64(find_mark_.get(), 0);
            found.settled = sqlite3_column_int(find_mark_.get(), 1) != 0;
        }
        sqlite3_reset(find_mark_.get());
        if (got != SQLITE_ROW && got != SQLITE_DONE) {
            return reason();
        }
        return found;
    }

    outcome<void> set_mark(const std::string& job, const job_mark& mark) override {
        bind_text(put_mark_.get(), 1, job);
        sqlite3_bind_int64(put_mark_.get(), 2, mark.last_at);
        sqlite3_bind_int(put_mark_.get(), 3, mark.settled ? 1 : 0);
        return finish(put_mark_.get());
    }

private:
    failure reason() const {
        const int code = sqlite3_errcode(db_.get());
        return {exit_code::error, std::string("the SQLite file: ") + sqlite3_errmsg(db_.get()),
                code == SQLITE_BUSY || code == SQLITE_LOCKED, ""};
    }

    outcome<void> execute(const char* sql) {
        const int done = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
        return done == SQLITE_OK ? outcome<void>() : outcome<void>(reason());
    }

    statement compile(const char* sql) {
        sqlite3_stmt* made = nullptr;
        sqlite3_prepare_v2(db_.get(), sql, -1, &made, nullptr);
        return statement(made);
    }

    outcome<void> finish(sqlite3_stmt* s) {
        const int done = sqlite3_step(s);
        outcome<void> result = done == SQLITE_DONE ? outcome<void>() : outcome<void>(reason());
        sqlite3_reset(s);
        return result;
    }

    static void bind_text(sqlite3_stmt* s, int at, std::string_view text) {
        // SQLite copies: what is given may not outlive the call.
        sqlite3_bind_text64(s, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }

    void bind(int at, const task_column& c, const json_value& task) {
        const json_value* found = task.find(c.member);
        // A result's kind is not known, only its text: it is null when the task has none.
        const bool none = found == nullptr || (c.as != cell_form::json && found->is_null());
        switch (c.as) {
            case cell_form::text: bind_text(put_.get(), at, text_field(task, c.member)); return;
            case cell_form::tags: bind_text(put_.get(), at, none ? "[]" : found->raw()); return;
            case cell_form::number:
                sqlite3_bind_int64(put_.get(), at, integer_field(task, c.member));
                return;
            case cell_form::optional_text:
            case cell_form::json:
            case cell_form::optional_number: break;
        }
        if (none) {
            sqlite3_bind_null(put_.get(), at);
        } else if (c.as == cell_form::json) {
            bind_text(put_.get(), at, found->raw());
        } else if (c.as == cell_form::optional_text) {
            bind_text(put_.get(), at, text_field(task, c.member));
        } else {
            sqlite3_bind_int64(put_.get(), at, integer_field(task, c.member));
        }
    }

    const std::unique_ptr<sqlite3, close_database> db_;
    statement put_;
    statement find_mark_;
    statement put_mark_;
};

}  // namespace

outcome<std::unique_ptr<sqlite_table>> open_sqlite_table(const std::string& path) {
    sqlite3* db = nullptr;
    const int opened = sqlite3_open(path.c_str(), &db);
    auto file = std::make_unique<sqlite_file>(db);
    if (opened != SQLITE_OK) {
        return failure{exit_code::error, path + ": " + sqlite3_errstr(opened)};
    }
    if (const auto ready = file->prepare(); !ready) {
        return ready.error();
    }
    return std::unique_ptr<sqlite_table>(std::move(file));
}

}  // namespace kwq::cli
