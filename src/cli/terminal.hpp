// terminal: what standard output and standard error are connected to, and whether somebody has
// asked the process to stop. Used by the commands for people; never by the server.
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <string_view>

namespace kwq::cli {

bool stdout_is_terminal();
bool stderr_is_terminal();
bool stdin_is_terminal();
/// Colours: a terminal, and neither NO_COLOR nor TERM=dumb says otherwise.
bool colours_wanted();
std::size_t terminal_columns();
std::size_t terminal_rows();

/// Everything, or false when the reader has gone.
bool write_stdout(std::string_view text);
void write_stderr(std::string_view text);

/// From now on SIGINT and SIGTERM only set a flag (a second one ends the process at once).
void catch_interrupts();
bool interrupted();
/// Returns early, false, when interrupted.
bool wait_for(milliseconds how_long);

}  // namespace kwq::cli
