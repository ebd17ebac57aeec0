// import_log_command: `kwq import-log`: fills the log that `kwq serve` with the same settings would
// use, from an exported one.
#pragma once

#include "cli/command.hpp"

#include <memory>

namespace kwq::app {

std::unique_ptr<cli::command> make_import_log_command();

}  // namespace kwq::app
