#include "sim/history.hpp"

#include <cstdio>

namespace kwq::sim {

namespace {

constexpr std::size_t kept_lines = 60;

}  // namespace

void history::keep(std::string line) {
    line = std::to_string(time_.monotonic().time_since_epoch().count()) + " " + line;
    if (print_all_) {
        std::fprintf(stdout, "%s\n", line.c_str());
    }
    lines_.push_back(std::move(line));
    if (lines_.size() > kept_lines) {
        lines_.pop_front();
    }
}

}  // namespace kwq::sim
