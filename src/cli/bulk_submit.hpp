// bulk_submit: `kwq submit --file`: a file of lines in requests of at most 8 MiB, each remembered
// once it is answered.
#pragma once

#include "cli/session.hpp"

#include <string>
#include <utility>
#include <vector>

namespace kwq::cli {

struct bulk_job {
    std::string file;                                         // "-": standard input, without resume
    std::vector<std::pair<std::string, std::string>> fields;  // JSON for what lines leave out
    bool resume = false;
    bool retry = false;
};

/// partial when some lines were refused; they are named on standard error.
outcome<exit_code> bulk_submit(session& s, const bulk_job& job);

}  // namespace kwq::cli
