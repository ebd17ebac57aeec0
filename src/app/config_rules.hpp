// config_rules: what single settings mean together, and what is refused because of it.
#pragma once

#include "app/config.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::app {

/// Fills `config.values` from `config.chosen`. Empty when it can be used, else why not.
std::string derive_config(resolved_config& config, const std::string& host_name);

/// KWQ_* variables that are no setting but look like one.
std::vector<std::string> remarks_on_environment(
    const std::vector<std::pair<std::string, std::string>>& environment);

/// Items between commas, without the spaces around them; empty ones are left out.
std::vector<std::string> split_list(std::string_view text);

}  // namespace kwq::app
