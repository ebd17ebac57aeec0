// life: log, scheduler and tracker on a brittle disk, as src/app wires them, and callers who keep
// them busy and write down what they did and were told (docs/check.md). One life is one process; it
// ends well, by its power being cut, or because the disk failed.
#pragma once

#include "brittle_disk.hpp"

#include <cstdint>
#include <string>

namespace kwq::crash {

struct life_options {
    std::string directory;  // log, scheduler and tracker below it
    std::string books;      // of the callers, elsewhere: the history, and what they still hold
    std::uint64_t number = 0;
    std::uint64_t seed = 0;
    /// Cut the power while submits are unanswered, leases live and retries waiting.
    bool cut = false;
    /// Finish all work instead of making more of it, and note the tracker's last counts.
    bool drain = false;
    /// A short life: each kind of call a few times, then a clean end.
    bool brief = false;
    call_failure failure;
};

/// How a life ended: its process's exit code.
enum class life_end : int {
    well = 0,       // or the power was cut, as wanted
    could_not = 2,  // start
    had_to = 3,     // end, because a write failed
    impatient = 4,  // what it waited for never came: a fault of the test or of KWQ
};

/// In a process of its own, from which it never returns.
[[noreturn]] void live(const life_options& options);

}  // namespace kwq::crash
