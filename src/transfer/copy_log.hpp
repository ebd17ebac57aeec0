// copy_log: all of a log, from where it is read to where it is written.
#pragma once

#include "check/record_source.hpp"
#include "transfer/log_target.hpp"

namespace kwq::transfer {

/// Copies every topic and partition and finishes the target. The source must not change meanwhile.
/// Gives the number of records.
eventlog::result<std::int64_t> copy_log(check::record_source& from, log_target& to);

}  // namespace kwq::transfer
