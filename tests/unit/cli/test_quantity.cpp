// Durations, sizes and instants: what is read, what is refused, and that writing reads back.
#include "base/random.hpp"
#include "cli/quantity.hpp"

#include <catch2/catch.hpp>

namespace kwq::cli {

TEST_CASE("durations are read in every unit, alone and together") {
    CHECK(parse_duration("90") == milliseconds{90'000});
    CHECK(parse_duration("2.5") == milliseconds{2'500});
    CHECK(parse_duration("500ms") == milliseconds{500});
    CHECK(parse_duration("10s") == milliseconds{10'000});
    CHECK(parse_duration("5m") == milliseconds{300'000});
    CHECK(parse_duration("1.5h") == milliseconds{5'400'000});
    CHECK(parse_duration("7d") == milliseconds{604'800'000});
    CHECK(parse_duration("1h30m") == milliseconds{5'400'000});
    CHECK(parse_duration("0") == milliseconds{0});
}

TEST_CASE("what is no duration is refused") {
    for (const char* text : {"", " ", "-1", "-5s", "s", "5 s", "5x", "1h30", "1.", ".5", "1..5s",
                             "1e3", "999999999999999d", "101000d", "9999999999999999999"}) {
        INFO(text);
        CHECK_FALSE(parse_duration(text));
    }
}

TEST_CASE("a written duration reads back to the same") {
    seeded_random random(7);
    for (int i = 0; i < 2'000; ++i) {
        const milliseconds d{static_cast<std::int64_t>(random.below(40ULL * 24 * 3'600 * 1'000))};
        INFO(d.count());
        CHECK(parse_duration(write_duration(d)) == d);
        CHECK(parse_duration(write_seconds(d)) == d);
    }
    CHECK(write_duration(milliseconds{0}) == "0s");
    CHECK(write_seconds(milliseconds{1'500}) == "1.5");
    CHECK(write_seconds(milliseconds{60'000}) == "60");
    CHECK(write_seconds(milliseconds{7}) == "0.007");
}

TEST_CASE("durations for people have two units at most") {
    CHECK(human_duration(milliseconds{450}) == "450ms");
    CHECK(human_duration(milliseconds{1'000}) == "1s");
    CHECK(human_duration(milliseconds{2'340}) == "2.3s");
    CHECK(human_duration(milliseconds{59'400}) == "59s");
    CHECK(human_duration(milliseconds{90'000}) == "1m 30s");
    CHECK(human_duration(milliseconds{3'600'000}) == "1h");
    CHECK(human_duration(milliseconds{273'600'000}) == "3d 4h");
}

TEST_CASE("ages say which way") {
    const instant now{1'000'000'000};
    CHECK(human_age(now, now) == "now");
    CHECK(human_age(instant{now.value() - 12'000}, now) == "12s ago");
    CHECK(human_age(instant{now.value() + 300'000}, now) == "in 5m");
}

TEST_CASE("sizes are read with and without a unit") {
    CHECK(parse_bytes("512") == 512);
    CHECK(parse_bytes("64KiB") == 65'536);
    CHECK(parse_bytes("64MiB") == 64LL << 20);
    CHECK(parse_bytes("1.5G") == 3LL << 29);
    CHECK(write_bytes(64LL << 20) == "64MiB");
    CHECK(write_bytes(1'000) == "1000");
    for (const char* text : {"", "MiB", "-1", "1 MiB", "1MB", "1mib", "99999999999999T"}) {
        INFO(text);
        CHECK_FALSE(parse_bytes(text));
    }
}

TEST_CASE("instants are read as ISO 8601 in UTC and as epoch milliseconds") {
    CHECK(parse_instant("1970-01-01T00:00:00Z") == instant{0});
    CHECK(parse_instant("2026-01-31T08:00:00Z") == instant{1'769'846'400'000});
    CHECK(parse_instant("2024-02-29T23:59:59.5Z") == instant{1'709'251'199'500});
    CHECK(parse_instant("@1700000000000") == instant{1'700'000'000'000});
    CHECK(parse_instant("1700000000000") == instant{1'700'000'000'000});
    for (const char* text : {"", "today", "2026-01-31", "2026-13-01T00:00:00Z",
                             "2026-01-31T25:00:00Z", "2026-01-31T08:00:00", "-5", "@"}) {
        INFO(text);
        CHECK_FALSE(parse_instant(text));
    }
}

TEST_CASE("a written instant reads back to the same") {
    seeded_random random(11);
    for (int i = 0; i < 2'000; ++i) {
        const instant at{static_cast<std::int64_t>(random.below(4'000'000'000'000ULL))};
        INFO(write_instant(at));
        CHECK(parse_instant(write_instant(at)) == at);
    }
    CHECK(write_instant(instant{1'769'846'400'123}) == "2026-01-31T08:00:00.123Z");
}

TEST_CASE("large counts have separators") {
    CHECK(human_count(0) == "0");
    CHECK(human_count(999) == "999");
    CHECK(human_count(1'000) == "1,000");
    CHECK(human_count(-1'234'567) == "-1,234,567");
}

}  // namespace kwq::cli
