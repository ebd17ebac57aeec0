// sqlite_table: tasks as rows of an SQLite file, one for each, written again as often as they
// change. The only place that knows SQLite.
#pragma once

#include "cli/failure.hpp"
#include "codec/json.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace kwq::cli {

/// What of a job is in the file.
struct job_mark {
    std::int64_t last_at = -1;  // the job's last change that was read
    bool settled = false;       // and it was over for a while: no other can have the same time
};

/// Rows are seen by others once they are committed. A failure leaves the file as it was at the last
/// commit, and `may_pass` when it is only that somebody else has it locked.
class sqlite_table {
public:
    virtual ~sqlite_table() = default;

    virtual outcome<void> begin() = 0;
    virtual outcome<void> commit() = 0;
    virtual void roll_back() = 0;
    /// A task as the API lists it.
    virtual outcome<void> put(const codec::json_value& task) = 0;
    virtual outcome<job_mark> mark_of(const std::string& job) = 0;
    virtual outcome<void> set_mark(const std::string& job, const job_mark& mark) = 0;
};

/// Makes the tables when they are missing.
outcome<std::unique_ptr<sqlite_table>> open_sqlite_table(const std::string& path);

}  // namespace kwq::cli
