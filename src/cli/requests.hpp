// requests: the few shapes in which commands ask the server: show one thing, follow one until it
// ends, change something.
#pragma once

#include "cli/session.hpp"
#include "cli/views.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kwq::cli {

/// Wall time now, and colours as the terminal allows.
look look_now();

/// `?name=value&…` of the values that are not empty, percent-encoded; empty when none is.
std::string query_string(const std::vector<std::pair<std::string, std::string>>& parameters);
/// A name as one segment of a path.
std::string segment(const std::string& name);

/// GET, then the answer as JSON or as `view` writes it.
outcome<exit_code> show(session& s, const std::string& target,
                        const std::function<std::string(const reply&)>& view);

/// POST or PUT, then the answer as JSON or `done` filled with `affected` for each `#`.
struct change {
    std::string_view method = "POST";
    std::string target;
    std::string body;
    std::string done;  // "Cancelled # tasks of job x."
    std::string of{};  // one of several: named before the reason when it fails
};
outcome<exit_code> make_change(session& s, const change& c);

/// The same change for each of several things, all tried: partial when some failed and some did
/// not, the code of the first failure when all did.
outcome<exit_code> make_changes(session& s, const std::vector<change>& all);

/// GETs `target` (which ends in `?` or `&` parameters) with a long poll until `ended` says so, or
/// `most` is over (exit_code::timeout). `on_look` sees each answer.
struct followed {
    std::string target;
    std::string wait;  // "until=terminal"
    std::optional<milliseconds> most;
    std::function<bool(const codec::json_value&)> ended;
    std::function<void(const reply&)> on_look;
    milliseconds longest{20'000};  // of one poll
};
outcome<reply> follow(session& s, const followed& f);

/// `{"for_s":600,"reason":"…"}` without what is empty.
std::string pause_body(const std::optional<milliseconds>& how_long, const std::string& reason);

}  // namespace kwq::cli
