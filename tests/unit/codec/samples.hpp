// One value for each form that the log holds, by the name of its golden file. The golden files are
// the stored format: a change here that changes a file needs a new version, not a new file.
#pragma once

#include "model/event.hpp"
#include "model/task.hpp"

#include <string>
#include <utility>
#include <vector>

namespace kwq::codec {

template <class T>
using named_samples = std::vector<std::pair<std::string, T>>;

named_samples<model::task> sample_tasks();
named_samples<model::event> sample_events();
named_samples<model::control_record> sample_controls();

}  // namespace kwq::codec
