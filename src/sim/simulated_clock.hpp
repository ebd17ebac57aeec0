// Time that moves only when the simulation moves it. The wall clock is the monotonic one and an
// error, which a fault changes by any amount either way.
#pragma once

#include "base/clock.hpp"

#include <algorithm>

namespace kwq::sim {

class simulated_clock final : public clock {
public:
    instant wall() const override { return instant{epoch + now_.count() + error_.count()}; }
    mono_time monotonic() const override { return mono_time{now_}; }

    void advance_to(mono_time t) {
        now_ = std::max(now_, t.time_since_epoch());
        newest_wall_ = std::max(newest_wall_, wall());
    }
    void step_wall(milliseconds by) {
        error_ += by;
        newest_wall_ = std::max(newest_wall_, wall());
    }
    /// Sets the wall clock to the latest it ever showed, so that nothing waits for a time that only
    /// a wrong clock would bring.
    void repair_wall() { error_ += newest_wall_ - wall(); }

private:
    static constexpr std::int64_t epoch = 1'700'000'000'000;
    milliseconds now_{1'000};
    milliseconds error_{0};
    instant newest_wall_{epoch};
};

}  // namespace kwq::sim
