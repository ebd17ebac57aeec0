// http_counts: answers by route and class of status, for /metrics. Routes are the names of the
// table, so their number is fixed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>

namespace kwq::rest {

/// Any thread.
class http_counts {
public:
    using by_class = std::array<std::uint64_t, 6>;  // index: status / 100

    /// `route` must live for ever: it is a name of the table.
    void count(std::string_view route, int status) {
        const std::lock_guard hold(mutex_);
        const auto index = static_cast<std::size_t>(status / 100);
        ++counts_[route].at(index < 6 ? index : 0);
    }
    std::map<std::string_view, by_class> snapshot() const {
        const std::lock_guard hold(mutex_);
        return counts_;
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string_view, by_class> counts_;
};

}  // namespace kwq::rest
