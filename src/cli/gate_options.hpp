// gate_options: what `kwq pause` and `kwq resume` may be aimed at, and the request for it.
#pragma once

#include "cli/command.hpp"
#include "cli/requests.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kwq::cli {

struct gate_options {
    bool all = false;
    std::optional<std::string> queue;
    std::optional<std::int64_t> priority;
    std::optional<std::string> job;
    std::optional<milliseconds> how_long;  // pause only
    std::string reason;
};

std::vector<option> gate_option_list(gate_options& to);

/// `verb`: "pause" or "resume".
outcome<change> gate_change(const gate_options& o, const std::string& verb);

}  // namespace kwq::cli
