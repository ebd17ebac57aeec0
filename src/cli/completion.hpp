// completion: `kwq completion bash|zsh|fish`: scripts made from the descriptions of the commands.
#pragma once

#include "cli/command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kwq::cli {

/// Empty for a shell it does not know.
std::string completion_script(std::string_view shell, const std::vector<description>& commands);
/// The options that every client command takes, for parser, completion and manual alike.
std::vector<option> client_option_list(client_options& to);

/// `commands` must stay: it is asked when the command runs.
std::unique_ptr<command> make_completion_command(const command_list& commands);

}  // namespace kwq::cli
