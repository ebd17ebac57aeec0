// outcome: what the end of a process means for its task (design: 0 complete, 75 release after the
// back-off, 65 and 78 final errors, anything else an error that is tried again), and what its
// stdout means as a result. Pure.
#pragma once

#include "worker/lease.hpp"
#include "worker/process.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace kwq::worker {

inline constexpr std::size_t max_result_bytes = 65'536;  // as JSON
inline constexpr std::size_t max_message_bytes = 4'096;

/// stdout as JSON: as it is when it is JSON, else a string when it is UTF-8 (without one newline at
/// its end, as a shell's $(…) gives it), else {"base64": "…"}. Nothing written is null.
std::string result_json(std::string_view output);

report outcome_of(const process_end& end, milliseconds backoff);

/// A report for a command that could not be started: tried again, perhaps elsewhere.
report outcome_of_failed_start(const std::string& reason);

/// Well-formed UTF-8 of at most max_message_bytes: bad bytes become U+FFFD, the front is cut.
std::string printable_tail(std::string_view text, std::size_t most = max_message_bytes);

}  // namespace kwq::worker
