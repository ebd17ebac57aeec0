// progress_bar: one line on standard error that is drawn over itself, for a person at a terminal.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kwq::cli {

/// `[=====>    ]  52 %  remark`, cut to `columns`. Pure.
std::string progress_line(std::int64_t done, std::int64_t all, std::string_view remark,
                          std::size_t columns);

class progress_bar {
public:
    explicit progress_bar(bool visible) : visible_(visible) {}
    ~progress_bar() { clear(); }
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;

    bool visible() const { return visible_; }
    /// Draws at most ten times a second.
    void show(std::int64_t done, std::int64_t all, std::string_view remark);
    void clear();

private:
    bool visible_;
    bool drawn_ = false;
    mono_time last_{};
};

}  // namespace kwq::cli
