// exit_code: how a command says to a script how it went. Part of the interface: docs/cli.md and the
// man page list them. `kwq serve` has its own four (app/application.hpp).
#pragma once

namespace kwq::cli {

enum class exit_code : int {
    ok = 0,
    error = 1,      // refused, unreachable, or anything that has no code of its own
    usage = 2,      // the command line is wrong
    not_found = 3,  // no such task, job, tag or queue
    conflict = 4,   // it is in a state that does not allow it
    timeout = 5,    // not done within the time given
    partial = 6,    // some of it failed; what failed was said
    interrupted = 130,
};

}  // namespace kwq::cli
