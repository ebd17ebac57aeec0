// write_ahead_scan: reads RocksDB's write-ahead files entry by entry and passes over bad ones,
// which RocksDB itself does not, to find what writes behind a spoilt place know. Used when a log
// does not open, to tell the torn end that a power cut leaves from damage.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace kwq::eventlog {

/// Calls `row(key, value)` for each row put by a whole write that can be read. False when a file
/// could not be read to its end: there may be more.
using row_visitor = std::function<void(std::string_view key, std::string_view value)>;
[[nodiscard]] bool scan_write_ahead(const std::string& directory, const row_visitor& row);

}  // namespace kwq::eventlog
