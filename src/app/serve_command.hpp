// serve_command: `kwq serve`: reads the configuration, runs the application, ends it.
#pragma once

#include "cli/command.hpp"

#include <memory>

namespace kwq::app {

std::unique_ptr<cli::command> make_serve_command();

}  // namespace kwq::app
