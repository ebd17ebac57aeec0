// quantity: see the header. Integer arithmetic throughout, so that what is written reads back.
#include "cli/quantity.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace kwq::cli {

namespace {

constexpr std::int64_t max_ms = 100LL * 366 * 24 * 3'600 * 1'000;

struct unit {
    std::string_view name;
    std::int64_t size;
};
constexpr std::array<unit, 5> time_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<unit, 10> byte_units{{{"", 1},
                                           {"B", 1},
                                           {"KiB", 1LL << 10},
                                           {"k", 1LL << 10},
                                           {"MiB", 1LL << 20},
                                           {"M", 1LL << 20},
                                           {"GiB", 1LL << 30},
                                           {"G", 1LL << 30},
                                           {"TiB", 1LL << 40},
                                           {"T", 1LL << 40}}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes `12` or `12.5` off the front of `text`, in thousandths; nothing if there is no digit.
std::optional<std::int64_t> take_thousandths(std::string_view& text) {
    std::size_t i = 0;
    std::int64_t whole = 0;
    while (i < text.size() && is_digit(text[i])) {
        whole = whole * 10 + (text[i] - '0');
        if (++i > 14) {
            return {};
        }
    }
    if (i == 0) {
        return {};
    }
    std::int64_t thousandths = 0;
    if (i < text.size() && text[i] == '.') {
        const std::size_t start = ++i;
        std::int64_t scale = 100;
        while (i < text.size() && is_digit(text[i])) {
            thousandths += scale * (text[i] - '0');
            scale /= 10;
            ++i;
        }
        if (i == start) {
            return {};
        }
    }
    text.remove_prefix(i);
    return whole * 1'000 + thousandths;
}

std::string_view take_letters(std::string_view& text) {
    std::size_t i = 0;
    while (i < text.size() && !is_digit(text[i]) && text[i] != '.') {
        ++i;
    }
    const auto letters = text.substr(0, i);
    text.remove_prefix(i);
    return letters;
}

template <std::size_t N>
std::optional<std::int64_t> unit_size(const std::array<unit, N>& units, std::string_view name) {
    for (const unit& u : units) {
        if (u.name == name) {
            return u.size;
        }
    }
    return {};
}

std::string decimal(std::int64_t ms, int digits) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, static_cast<double>(ms) / 1'000.0);
    return text.data();
}

/// Days since 1970-01-01 of a civil date, and back (proleptic Gregorian).
std::int64_t days_of(std::int64_t y, std::int64_t m, std::int64_t d) {
    y -= m <= 2 ? 1 : 0;
    const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
    const std::int64_t of_era = y - era * 400;
    const std::int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

std::optional<std::int64_t> digits_at(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) {
        return {};
    }
    return parse_integer(text.substr(at, count));
}

std::optional<instant> parse_iso(std::string_view text) {
    if (text.size() < 20 || text.back() != 'Z' || text[4] != '-' || text[7] != '-' ||
        (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':') {
        return {};
    }
    const auto year = digits_at(text, 0, 4), month = digits_at(text, 5, 2),
               day = digits_at(text, 8, 2), hour = digits_at(text, 11, 2),
               minute = digits_at(text, 14, 2);
    auto rest = text.substr(17, text.size() - 18);
    const auto seconds = take_thousandths(rest);
    if (!year || !month || !day || !hour || !minute || !seconds || !rest.empty() || *month < 1 ||
        *month > 12 || *day < 1 || *day > 31 || *hour > 23 || *minute > 59 || *seconds >= 61'000) {
        return {};
    }
    const auto days = days_of(*year, *month, *day);
    return instant{(days * 86'400 + *hour * 3'600 + *minute * 60) * 1'000 + *seconds};
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
    if (text.empty()) {
        return {};
    }
    std::int64_t total = 0;
    bool first = true;
    while (!text.empty()) {
        const auto amount = take_thousandths(text);
        const auto name = take_letters(text);
        if (!amount || (name.empty() && !first)) {
            return {};
        }
        const auto size = unit_size(time_units, name.empty() ? "s" : name);
        if (!size || *amount / 1'000 > max_ms / *size) {
            return {};
        }
        total += *amount / 1'000 * *size + *amount % 1'000 * *size / 1'000;
        if (total > max_ms) {
            return {};
        }
        first = false;
    }
    return milliseconds{total};
}

std::string write_duration(milliseconds d) {
    std::int64_t left = d.count();
    if (left == 0) {
        return "0s";
    }
    std::string out;
    for (const unit& u : time_units) {
        if (left >= u.size) {
            out += std::to_string(left / u.size);
            out += u.name;
            left %= u.size;
        }
    }
    return out;
}

std::string human_duration(milliseconds d) {
    const std::int64_t ms = d.count() < 0 ? 0 : d.count();
    if (ms < 1'000) {
        return std::to_string(ms) + "ms";
    }
    if (ms < 60'000) {
        return decimal(ms, ms < 10'000 && ms % 1'000 != 0 ? 1 : 0) + "s";
    }
    for (std::size_t i = 0; i + 1 < time_units.size(); ++i) {
        const unit& u = time_units[i];
        const unit& smaller = time_units[i + 1];
        if (ms >= u.size) {
            const std::int64_t rest = ms % u.size / smaller.size;
            std::string out = std::to_string(ms / u.size) + std::string(u.name);
            if (rest != 0) {
                out += ' ' + std::to_string(rest) + std::string(smaller.name);
            }
            return out;
        }
    }
    return "0s";
}

std::string human_age(instant at, instant now) {
    const auto age = now - at;
    if (age.count() > -500 && age.count() < 1'000) {
        return "now";
    }
    return age.count() < 0 ? "in " + human_duration(-age) : human_duration(age) + " ago";
}

std::string write_seconds(milliseconds d) {
    std::string out = std::to_string(d.count() / 1'000);
    if (const auto rest = d.count() % 1'000; rest != 0) {
        std::string fraction = std::to_string(1'000 + rest).substr(1);
        fraction.erase(fraction.find_last_not_of('0') + 1);
        out += '.' + fraction;
    }
    return out;
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
    const auto amount = take_thousandths(text);
    const auto size = unit_size(byte_units, text);
    if (!amount || !size || *amount / 1'000 > (1LL << 60) / *size) {
        return {};
    }
    return *amount / 1'000 * *size + *amount % 1'000 * *size / 1'000;
}

std::string write_bytes(std::int64_t bytes) {
    for (const std::string_view name : {"TiB", "GiB", "MiB", "KiB"}) {
        const auto size = unit_size(byte_units, name);
        if (bytes >= *size && bytes % *size == 0) {
            return std::to_string(bytes / *size) + std::string(name);
        }
    }
    return std::to_string(bytes);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, value);
    if (failed != std::errc() || stopped != end || text.empty()) {
        return {};
    }
    return value;
}

std::string human_count(std::int64_t n) {
    std::string digits = std::to_string(n < 0 ? -n : n);
    for (std::size_t i = digits.size(); i > 3;) {
        i -= 3;
        digits.insert(i, 1, ',');
    }
    return n < 0 ? '-' + digits : digits;
}

std::optional<instant> parse_instant(std::string_view text) {
    const auto number = parse_integer(text.starts_with('@') ? text.substr(1) : text);
    if (number) {
        return *number >= 0 ? std::optional(instant{*number}) : std::nullopt;
    }
    return parse_iso(text);
}

std::string write_instant(instant at) {
    const std::int64_t ms = at.value();
    const std::int64_t days = (ms >= 0 ? ms : ms - 86'399'999) / 86'400'000;
    const std::int64_t in_day = ms - days * 86'400'000;
    std::int64_t year = 1970 + days / 366;
    while (days_of(year + 1, 1, 1) <= days) {
        ++year;
    }
    std::int64_t month = 1;
    while (month < 12 && days_of(year, month + 1, 1) <= days) {
        ++month;
    }
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                  static_cast<int>(year), static_cast<int>(month),
                  static_cast<int>(days - days_of(year, month, 1) + 1),
                  static_cast<int>(in_day / 3'600'000), static_cast<int>(in_day / 60'000 % 60),
                  static_cast<int>(in_day / 1'000 % 60), static_cast<int>(in_day % 1'000));
    return text.data();
}

}  // namespace kwq::cli
