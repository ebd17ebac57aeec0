// The two clocks.
#include "base/clock.hpp"

#include <catch2/catch.hpp>

namespace kwq {

TEST_CASE("instants are told apart and counted in milliseconds") {
    const instant at{1'000};
    CHECK(at + milliseconds{500} == instant{1'500});
    CHECK((instant{1'500} - at) == milliseconds{500});
    CHECK(at < instant{1'001});
}

TEST_CASE(
    "the system's wall clock is past the day this was written, its monotonic clock never goes "
    "back") {
    CHECK(system_clock().wall() > instant{1'767'225'600'000});
    auto before = system_clock().monotonic();
    for (int i = 0; i < 1'000; ++i) {
        const auto now = system_clock().monotonic();
        CHECK(now >= before);
        before = now;
    }
}

}  // namespace kwq
