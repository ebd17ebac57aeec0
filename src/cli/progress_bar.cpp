// progress_bar: see the header.
#include "cli/progress_bar.hpp"

#include "cli/quantity.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"

#include <algorithm>

namespace kwq::cli {

std::string progress_line(std::int64_t done, std::int64_t all, std::string_view remark,
                          std::size_t columns) {
    constexpr std::int64_t width = 24;
    const std::int64_t part = all <= 0 ? 0 : std::clamp<std::int64_t>(done * width / all, 0, width);
    std::string bar(static_cast<std::size_t>(part), '=');
    bar += part < width ? ">" : "";
    bar.resize(static_cast<std::size_t>(width), ' ');
    std::string percent =
        all <= 0 ? "0" : std::to_string(std::clamp<std::int64_t>(done * 100 / all, 0, 100));
    percent.insert(0, 3 - std::min<std::size_t>(3, percent.size()), ' ');
    const std::string line = "[" + bar + "] " + percent + " %  " + std::string(remark);
    return shortened(line, columns);
}

void progress_bar::show(std::int64_t done, std::int64_t all, std::string_view remark) {
    const auto now = system_clock().monotonic();
    if (!visible_ || (drawn_ && now - last_ < milliseconds{100})) {
        return;
    }
    last_ = now;
    drawn_ = true;
    write_stderr("\r\x1b[K" + progress_line(done, all, remark, terminal_columns() - 1));
}

void progress_bar::clear() {
    if (drawn_) {
        write_stderr("\r\x1b[K");
        drawn_ = false;
    }
}

}  // namespace kwq::cli
