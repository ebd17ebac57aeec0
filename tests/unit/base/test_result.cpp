// A value, or why there is none.
#include "base/result.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <string>

namespace kwq {

namespace {

struct reason {
    std::string why;
};

[[noreturn]] void throw_exception_from_error(const reason& r, const boost::source_location&) {
    throw std::logic_error(r.why);
}

result_of<int, reason> half(int n) {
    if (n % 2 != 0) {
        return reason{"odd"};
    }
    return n / 2;
}

}  // namespace

TEST_CASE("a result holds a value or an error") {
    REQUIRE(half(8).has_value());
    CHECK(half(8).value() == 4);
    REQUIRE(half(7).has_error());
    CHECK(half(7).error().why == "odd");
}

TEST_CASE("taking a value that is not there throws the module's exception") {
    CHECK_THROWS_AS(half(7).value(), std::logic_error);
}

}  // namespace kwq
