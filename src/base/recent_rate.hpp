// recent_rate: how many tasks finished lately, in steps of five seconds over the last minute, by
// the times that events carry. What is older than the minute before the newest one is left out.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace kwq {

class recent_rate {
public:
    static constexpr std::int64_t kept_steps = 13;  // twelve whole ones and the one under way

    void add(instant at, std::int64_t finished = 1);

    /// What another has counted too.
    void add(const recent_rate& other);

    /// A second, over the minute before `now`; over less when it all began later than that.
    double per_second(instant now, std::optional<instant> began) const;

    /// Those in which something finished, in order, by number.
    template <class Visit>
    void each_step(const Visit& see) const {
        for (auto n = first_step(); n <= newest_; ++n) {
            if (const auto finished = finished_.at(static_cast<std::size_t>(n % kept_steps));
                finished > 0) {
                see(n, std::int64_t{finished});
            }
        }
    }
    void add_step(std::int64_t step, std::int64_t finished);

    /// As numbers, a single one when nothing finished yet.
    template <class Writer>
    void write(Writer& w) const {
        w.number(static_cast<std::uint64_t>(newest_));
        for (std::size_t i = 0; newest_ > 0 && i < finished_.size(); ++i) {
            w.number(finished_.at(i));
        }
    }
    template <class Reader>
    static recent_rate read(Reader& r) {
        recent_rate out;
        out.newest_ = static_cast<std::int64_t>(r.number());
        for (std::size_t i = 0; out.newest_ > 0 && i < out.finished_.size(); ++i) {
            out.finished_.at(i) = static_cast<std::uint32_t>(r.number());
        }
        return out;
    }

    friend bool operator==(const recent_rate&, const recent_rate&) = default;

private:
    static constexpr std::int64_t step_ms = 5'000;

    std::int64_t first_step() const { return newest_ < kept_steps ? 0 : newest_ - kept_steps + 1; }

    std::int64_t newest_ = 0;                           // number of the step, from 1970 on
    std::array<std::uint32_t, kept_steps> finished_{};  // by number modulo kept_steps
};

}  // namespace kwq
