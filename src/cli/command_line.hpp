// command_line: the tree of subcommands, and one run of the program through it.
#pragma once

#include "cli/command.hpp"

#include <string>
#include <vector>

namespace kwq::cli {

/// All commands of the program; `serve` comes from the application, which this folder cannot see.
command_list all_commands(std::unique_ptr<command> serve);

/// Parses, runs, prints errors. `arguments` without the program's name. What main() returns.
int run(command_list commands, const std::vector<std::string>& arguments);

/// The same parsing without running anything: the exit code and what would be printed.
struct parse_answer {
    command* chosen = nullptr;  // null: help was asked for, or the line is wrong
    client_options client;
    int code = 0;
    std::string output;
    std::string error;
};
parse_answer parse(command_list& commands, const std::vector<std::string>& arguments);

}  // namespace kwq::cli
