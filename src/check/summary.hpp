// summary: a report of the checker as text for people and as JSON for scripts.
#pragma once

#include "check/checker.hpp"

#include <string>

namespace kwq::check {

std::string write_text(const check_report& report);
std::string write_json(const check_report& report);

}  // namespace kwq::check
