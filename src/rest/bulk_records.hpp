// bulk_records: what is known of changes of many tasks at once, and the small file of each by which
// one that was under way goes on after a restart.
#pragma once

#include "base/clock.hpp"
#include "codec/json.hpp"
#include "tracker/filter.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::rest {

enum class bulk_verb : std::uint8_t { retry, cancel, reprioritise };
std::string_view to_string(bulk_verb v);
std::optional<bulk_verb> parse_bulk_verb(std::string_view word);

enum class bulk_state : std::uint8_t { running, complete, cancelled, error };
std::string_view to_string(bulk_state s);

struct bulk_failure {
    std::string id;
    std::string code;
    std::string detail;
};

struct bulk_view {
    std::string id;
    bulk_verb verb = bulk_verb::retry;
    model::priority priority{0};  // reprioritise: that the tasks are moved to
    tracker::task_filter filter;  // its states: only those that the verb can change
    bulk_state state = bulk_state::running;
    std::string reason;  // error
    std::uint64_t matched = 0;
    bool exact = true;  // else at least so many
    std::uint64_t done = 0;
    std::uint64_t left = 0;  // reprioritise: as they are, served there already or not waiting
    std::uint64_t failed = 0;
    instant started_at{0};
    std::optional<instant> ended_at;
    std::vector<bulk_failure> errors;  // the first 100
};

void write_bulk_view(codec::json_writer& w, const bulk_view& v);

/// A folder of files; none when the directory is empty. A file that cannot be written or read is
/// as if it were not there: then only the progress is lost, never a task.
class bulk_records {
public:
    explicit bulk_records(std::string directory);

    bool save(const bulk_view& v) const;
    void remove(const std::string& id) const;
    /// Oldest first.
    std::vector<bulk_view> load() const;

private:
    std::string path_of(const std::string& id) const;

    const std::string directory_;
};

}  // namespace kwq::rest
