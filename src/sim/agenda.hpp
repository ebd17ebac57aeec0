// What was planned for later: deliveries, timeouts, what clients do next. In order of time, and of
// planning when times are equal.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace kwq::sim {

class agenda {
public:
    using deed = std::function<void()>;

    void plan(mono_time at, deed what) { deeds_.emplace(std::pair(at, next_++), std::move(what)); }

    std::optional<mono_time> next() const {
        return deeds_.empty() ? std::nullopt : std::optional(deeds_.begin()->first.first);
    }
    /// Does the first; there must be one.
    void do_next() { deeds_.extract(deeds_.begin()).mapped()(); }

private:
    std::map<std::pair<mono_time, std::uint64_t>, deed> deeds_;
    std::uint64_t next_ = 0;
};

}  // namespace kwq::sim
