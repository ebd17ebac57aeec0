// main: the program `kwq`. Everything it can do is in the tree of commands.
#include "app/import_log_command.hpp"
#include "app/serve_command.hpp"
#include "cli/command_line.hpp"
#include "cli/terminal.hpp"

#include <exception>
#include <string>
#include <utility>
#include <vector>

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        auto commands = kwq::cli::all_commands(kwq::app::make_serve_command());
        commands.push_back(kwq::app::make_import_log_command());
        return kwq::cli::run(std::move(commands), arguments);
    } catch (const std::exception& e) {
        kwq::cli::write_stderr("kwq: " + std::string(e.what()) + "\n");
        return 1;
    }
}
