#include "base/clock.hpp"

namespace kwq {

namespace {

class operating_system_clock final : public clock {
public:
    instant wall() const override {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return instant{std::chrono::duration_cast<milliseconds>(now).count()};
    }
    mono_time monotonic() const override {
        return std::chrono::time_point_cast<milliseconds>(std::chrono::steady_clock::now());
    }
};

}  // namespace

const clock& system_clock() {
    static const operating_system_clock the_clock;
    return the_clock;
}

}  // namespace kwq
