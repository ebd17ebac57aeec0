// http_counts: answers by route and class of status, and how long they took, for /metrics. Routes
// are the names of the table, so their number is fixed.
#pragma once

#include "observe/metrics.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

namespace kwq::rest {

/// Any thread.
class http_counts {
public:
    using by_class = std::array<std::uint64_t, 6>;  // index: status / 100

    struct route_counts {
        by_class classes{};
        observe::latency_histogram seconds{observe::request_bounds};
    };

    /// `route` must live for ever: it is a name of the table. Without `seconds` it is an answer
    /// whose length says nothing: a refusal before the call, a stream.
    void count(std::string_view route, int status, std::optional<double> seconds = {}) {
        const std::lock_guard hold(mutex_);
        const auto index = static_cast<std::size_t>(status / 100);
        route_counts& to = counts_[route];
        ++to.classes.at(index < 6 ? index : 0);
        if (seconds) {
            to.seconds.observe(*seconds);
        }
    }
    void each(const std::function<void(std::string_view, const route_counts&)>& look) const {
        const std::lock_guard hold(mutex_);
        for (const auto& [route, counts] : counts_) {
            look(route, counts);
        }
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string_view, route_counts> counts_;
};

}  // namespace kwq::rest
