// filter: which tasks a listing, an export or a bulk change is about, and which page of them.
#pragma once

#include "model/ids.hpp"
#include "model/task.hpp"
#include "tracker/error_text.hpp"

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>

namespace kwq::tracker {

/// States by number; none set stands for all.
class state_set {
public:
    state_set() = default;
    state_set(model::task_state s) { add(s); }  // one state is a set of it

    void add(model::task_state s) { bits_.set(static_cast<std::size_t>(s)); }
    bool is_any() const { return bits_.none(); }
    bool holds(model::task_state s) const {
        return bits_.none() || bits_.test(static_cast<std::size_t>(s));
    }
    friend bool operator==(const state_set&, const state_set&) = default;

private:
    std::bitset<model::task_state_count> bits_;
};

/// What is not given holds for every task; all that is given must hold.
struct task_filter {
    std::optional<model::job_name> job;
    state_set state;
    std::optional<model::tag_name> tag;
    std::optional<model::queue_name> queue;
    std::optional<model::worker_name> worker;  // of the last attempt
    std::optional<error_fingerprint> error;    // in state error, by an error of this group
    bool newest_first = true;
    std::uint32_t limit = 100;  // 1..1000
    std::string cursor;         // of the page before; errc::bad_cursor when it is of other filters

    /// Every task there is.
    bool is_everything() const {
        return !job && state.is_any() && !tag && !queue && !worker && !error;
    }
};

/// How jobs and tags are sorted: by name, or largest first. `running` counts what is handed out,
/// `last` is the last change.
enum class sorting : std::uint8_t { name, running, errors, last, submitted };

struct name_page_query {
    std::string prefix;
    sorting sort = sorting::name;
    std::uint32_t limit = 100;
    std::string cursor;
};

struct error_query {
    std::optional<model::job_name> job;  // failures of its tasks alone
    bool newest_first = false;           // by the last failure; else by their number
    std::uint32_t limit = 100;
    std::string cursor;
};

struct series_question {
    std::size_t resolution = 0;  // index of `resolutions`
    std::optional<model::queue_name> queue;
    std::int64_t from_s = 0;  // windows begin here, aligned
    std::int64_t to_s = 0;    // and the last one ends here
};

struct state_map_question {
    model::job_name job;
    std::uint32_t from = 0;
    std::uint32_t count = 0;
};

}  // namespace kwq::tracker
