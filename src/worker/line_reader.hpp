// line_reader: cuts a stream of bytes into lines and remembers its end. Lines longer than 8 KiB
// come in pieces, so that a task that never ends a line costs no memory.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace kwq::worker {

class line_reader {
public:
    static constexpr std::size_t longest_line = 8'192;
    static constexpr std::size_t tail_bytes = 4'096;

    explicit line_reader(std::function<void(std::string_view)> on_line);

    void add(std::string_view bytes);
    void end();  // what is left is a line too
    const std::string& tail() const { return tail_; }

private:
    std::function<void(std::string_view)> on_line_;
    std::string line_;
    std::string tail_;
};

}  // namespace kwq::worker
