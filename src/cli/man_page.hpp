// man_page: `kwq man`: kwq(1) in roff, made from the descriptions of the commands.
#pragma once

#include "cli/command.hpp"

#include <string>
#include <vector>

namespace kwq::cli {

std::string man_page(const std::vector<description>& commands);

/// `commands` must stay: it is asked when the command runs.
std::unique_ptr<command> make_man_command(const command_list& commands);

}  // namespace kwq::cli
