// The stored form of a record: it comes back as given, any change in it is found, and its bytes are
// the ones that logs on disk have.
#include "eventlog/embedded/stored_record.hpp"

#include <catch2/catch.hpp>

using namespace kwq;
using namespace kwq::eventlog;

namespace {

struct row {
    std::string key;
    std::string value;
};

row stored(const new_record& r) {
    row made{row_key({3, 1}, offset{258}), encode_unsealed(r, instant{1'700'000'000'123})};
    seal(made.key, made.value);
    return made;
}

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += {digits[byte >> 4U], digits[byte & 15U]};
    }
    return text;
}

}  // namespace

TEST_CASE("a record comes back from its stored form") {
    const new_record given{.key = std::string("k\0y", 3),
                           .value = std::string("\0\xff", 2),
                           .headers = {{"reason", "because"}, {"", ""}}};
    const auto made = stored(given);
    const auto back = decode_row(made.key, made.value);
    REQUIRE(back);
    CHECK(back->offset == offset{258});
    CHECK(back->timestamp == instant{1'700'000'000'123});
    CHECK(back->key == given.key);
    CHECK(back->value == given.value);
    CHECK(back->headers == given.headers);
}

TEST_CASE("any changed bit, any missing end and another key are found") {
    const auto made = stored({.key = "key", .value = "value", .headers = {{"h", "v"}}});
    for (std::size_t bit = 0; bit < 8 * made.value.size(); ++bit) {
        auto changed = made.value;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        CHECK_FALSE(decode_row(made.key, changed));
    }
    for (std::size_t size = 0; size < made.value.size(); ++size) {
        CHECK_FALSE(decode_row(made.key, std::string_view(made.value).substr(0, size)));
    }
    CHECK_FALSE(decode_row(row_key({3, 1}, offset{259}), made.value));
    CHECK_FALSE(decode_row(row_key({3, 2}, offset{258}), made.value));
    CHECK_FALSE(decode_row(row_key({4, 1}, offset{258}), made.value));
}

TEST_CASE("the stored bytes are those of form 1") {
    const auto made = stored({.key = "k", .value = "v", .headers = {{"h", "x"}}});
    CHECK(hex(made.key) ==
          "00000003"
          "00000001"
          "0000000000000102");
    CHECK(hex(std::string_view(made.value).substr(4)) ==
          "01"
          "7b68e5cf8b010000"
          "01000000"
          "01000000"
          "68"
          "01000000"
          "78"
          "01000000"
          "6b"
          "76");
}

TEST_CASE("keys sort by topic, partition, offset") {
    CHECK(row_key({1, 0}, offset{255}) < row_key({1, 0}, offset{256}));
    CHECK(row_key({1, 0}, offset{INT64_MAX}) < row_key({1, 1}, offset{0}));
    CHECK(row_key({1, 999}, offset{7}) < row_key({2, 0}, offset{0}));
    CHECK(row_offset(row_key({1, 2}, offset{123'456'789'012})) == offset{123'456'789'012});
}
