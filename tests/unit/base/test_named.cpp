// Types that cannot be mistaken for one another.
#include "base/named.hpp"

#include <catch2/catch.hpp>

#include <type_traits>
#include <unordered_set>

namespace kwq {

namespace {

using height = named<int, struct height_tag>;
using width = named<int, struct width_tag>;

}  // namespace

TEST_CASE("a named value converts neither from its type nor to another name") {
    CHECK_FALSE(std::is_convertible_v<int, height>);
    CHECK_FALSE(std::is_convertible_v<height, int>);
    CHECK_FALSE(std::is_constructible_v<height, width>);
    CHECK(std::is_constructible_v<height, int>);
}

TEST_CASE("named values compare, order and hash as what they hold") {
    CHECK(height{} == height{0});
    CHECK(height{1} < height{2});
    CHECK(height{7}.value() == 7);
    const std::unordered_set<height> set = {height{1}, height{1}, height{2}};
    CHECK(set.size() == 2);
}

}  // namespace kwq
