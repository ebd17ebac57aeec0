#include "check/findings.hpp"

#include <utility>

namespace kwq::check {

void findings::broken(violation v) {
    ++total_;
    ++breaks_[index(v.broken)];
    if (kept_.size() < most_kept) {
        kept_.push_back(std::move(v));
    }
}

std::string to_string(const location& where) {
    if (where.topic.empty()) {
        return where.at < 0 ? "the end of the history"
                            : "line " + std::to_string(where.at) + " of the history";
    }
    const std::string partition = where.topic + ", partition " + std::to_string(where.partition);
    return where.at < 0 ? partition : partition + ", offset " + std::to_string(where.at);
}

}  // namespace kwq::check
