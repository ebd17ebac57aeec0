// main: the program `kwq`. Everything it can do is in the tree of commands.
#include "app/serve_command.hpp"
#include "cli/command_line.hpp"
#include "cli/terminal.hpp"

#include <exception>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        return kwq::cli::run(kwq::cli::all_commands(kwq::app::make_serve_command()), arguments);
    } catch (const std::exception& e) {
        kwq::cli::write_stderr("kwq: " + std::string(e.what()) + "\n");
        return 1;
    }
}
