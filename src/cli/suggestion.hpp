// suggestion: the name somebody probably meant. For unknown commands, flags and configuration keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::cli {

/// The nearest of `names`, if it is near enough to be worth saying (a third of its letters).
std::optional<std::string> nearest_name(std::string_view given,
                                        const std::vector<std::string>& names);

}  // namespace kwq::cli
