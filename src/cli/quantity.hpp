// quantity: durations and sizes as people write them on command lines and in configuration files,
// and as they like to read them. Pure.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kwq::cli {

/// `90`, `2.5` (seconds), `500ms`, `10s`, `5m`, `2h`, `7d`, `1h30m`. Nothing when it is none of
/// these, is negative or exceeds 100 years.
std::optional<milliseconds> parse_duration(std::string_view text);
/// The shortest form that parse_duration() reads back to the same: `1h30m`, `2.5s`, `0s`.
std::string write_duration(milliseconds d);
/// For tables: two units at most, `3d 4h`, `12.3s`, `450ms`.
std::string human_duration(milliseconds d);
/// `12s ago`, `in 5m`, `now`.
std::string human_age(instant at, instant now);
/// Decimal seconds as the API takes them: 1500 ms is `1.5`.
std::string write_seconds(milliseconds d);

/// `512`, `64KiB`, `64MiB`, `2GiB`; `k`, `M`, `G` alone mean the same (powers of 1024).
std::optional<std::int64_t> parse_bytes(std::string_view text);
/// The largest unit that divides it: `64MiB`, `1000`.
std::string write_bytes(std::int64_t bytes);

/// A whole number, the whole text, no sign but `-`.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// `1234567` as `1,234,567`.
std::string human_count(std::int64_t n);

/// An instant as ISO 8601 in UTC (`2026-01-31T08:00:00Z`, with `.5` fractions), `@epoch-ms` or a
/// bare number of epoch milliseconds.
std::optional<instant> parse_instant(std::string_view text);
/// `2026-01-31T08:00:00.123Z`.
std::string write_instant(instant at);

}  // namespace kwq::cli
