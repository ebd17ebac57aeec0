// See line_reader.hpp.
#include "worker/line_reader.hpp"

#include <utility>

namespace kwq::worker {

line_reader::line_reader(std::function<void(std::string_view)> on_line)
    : on_line_(std::move(on_line)) {}

void line_reader::add(std::string_view bytes) {
    tail_ += bytes;
    if (tail_.size() > tail_bytes) {
        tail_.erase(0, tail_.size() - tail_bytes);
    }
    while (!bytes.empty()) {
        const auto room = longest_line - line_.size();
        const auto newline = bytes.substr(0, room).find('\n');
        const auto take =
            newline == std::string_view::npos ? std::min(room, bytes.size()) : newline;
        line_ += bytes.substr(0, take);
        bytes.remove_prefix(newline == std::string_view::npos ? take : take + 1);
        if (newline != std::string_view::npos || line_.size() == longest_line) {
            on_line_(line_);
            line_.clear();
        }
    }
}

void line_reader::end() {
    if (!line_.empty()) {
        on_line_(line_);
        line_.clear();
    }
}

}  // namespace kwq::worker
