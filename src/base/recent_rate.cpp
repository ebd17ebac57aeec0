#include "base/recent_rate.hpp"

#include <algorithm>

namespace kwq {

void recent_rate::add(instant at, std::int64_t finished) {
    const auto step = std::max<std::int64_t>(at.value(), 0) / step_ms;
    if (step + steps <= newest_) {
        return;
    }
    if (step > newest_) {
        const auto passed = std::min(step - newest_, steps);
        for (std::int64_t n = 0; n < passed; ++n) {
            finished_.at(static_cast<std::size_t>((step - n) % steps)) = 0;
        }
        newest_ = step;
    }
    finished_.at(static_cast<std::size_t>(step % steps)) += static_cast<std::uint32_t>(finished);
}

void recent_rate::add(const recent_rate& other) {
    for (auto n = std::max<std::int64_t>(0, other.newest_ - steps + 1); n <= other.newest_; ++n) {
        if (const auto finished = other.finished_.at(static_cast<std::size_t>(n % steps));
            finished > 0) {
            add(instant{n * step_ms}, finished);
        }
    }
}

double recent_rate::per_second(instant now, std::optional<instant> began) const {
    const auto step = std::max<std::int64_t>(now.value(), 0) / step_ms;
    std::uint64_t sum = 0;
    for (auto n = std::max(step, newest_) - steps + 1; n <= newest_; ++n) {
        sum +=
            n <= newest_ - steps || n < 0 ? 0 : finished_.at(static_cast<std::size_t>(n % steps));
    }
    auto over_ms = (steps - 1) * step_ms + now.value() % step_ms;
    if (began) {
        over_ms = std::clamp<std::int64_t>((now - *began).count(), 1'000, over_ms);
    }
    return static_cast<double>(sum) * 1'000 / static_cast<double>(over_ms);
}

}  // namespace kwq
