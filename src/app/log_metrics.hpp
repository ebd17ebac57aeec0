// log_metrics: what the embedded log takes on the disk, for the metrics page.
#pragma once

#include "observe/metrics.hpp"

#include <string>

namespace kwq::app {

/// `directory` is the log's. Files that go meanwhile count nothing.
void add_log_metrics(const std::string& directory, observe::metrics_page& page);

}  // namespace kwq::app
