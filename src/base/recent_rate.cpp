#include "base/recent_rate.hpp"

#include <algorithm>

namespace kwq {

void recent_rate::add(instant at, std::int64_t finished) {
    add_step(std::max<std::int64_t>(at.value(), 0) / step_ms, finished);
}

void recent_rate::add_step(std::int64_t step, std::int64_t finished) {
    if (step + kept_steps <= newest_) {
        return;
    }
    if (step > newest_) {
        const auto passed = std::min(step - newest_, kept_steps);
        for (std::int64_t n = 0; n < passed; ++n) {
            finished_.at(static_cast<std::size_t>((step - n) % kept_steps)) = 0;
        }
        newest_ = step;
    }
    finished_.at(static_cast<std::size_t>(step % kept_steps)) +=
        static_cast<std::uint32_t>(finished);
}

void recent_rate::add(const recent_rate& other) {
    other.each_step([this](std::int64_t step, std::int64_t finished) { add_step(step, finished); });
}

double recent_rate::per_second(instant now, std::optional<instant> began) const {
    const auto step = std::max<std::int64_t>(now.value(), 0) / step_ms;
    std::uint64_t sum = 0;
    for (auto n = std::max(step, newest_) - kept_steps + 1; n <= newest_; ++n) {
        sum += n <= newest_ - kept_steps || n < 0
                   ? 0
                   : finished_.at(static_cast<std::size_t>(n % kept_steps));
    }
    auto over_ms = (kept_steps - 1) * step_ms + now.value() % step_ms;
    if (began) {
        over_ms = std::clamp<std::int64_t>((now - *began).count(), 1'000, over_ms);
    }
    return static_cast<double>(sum) * 1'000 / static_cast<double>(over_ms);
}

}  // namespace kwq
