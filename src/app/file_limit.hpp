// file_limit: how many files and connections this process may have open.
#pragma once

#include <cstdint>

namespace kwq::app {

/// Raises the process's own limit to the highest it may set, and returns it. Shells give 1,024,
/// for the sake of select(), which nothing here uses.
std::uint64_t raise_file_limit();

}  // namespace kwq::app
