// settings: the table of everything `kwq serve` can be told: name, kind, default, bounds, help. The
// flags, the environment, the file, --print-config, the man page and the completions all come from
// it; docs/configuration.md is checked against it by a test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::app {

enum class setting_kind : std::uint8_t {
    text,
    integer,   // bounds: least..most
    bytes,     // bounds in bytes
    duration,  // bounds in milliseconds
    choice,    // one of `choices`, separated by |
    list,      // comma separated; an array in the file
};

struct setting {
    std::string_view name;  // --name, KWQ_NAME, and the key in the file
    setting_kind kind = setting_kind::text;
    std::string_view fallback;  // default, as it would be written in the file
    std::string_view value;     // placeholder in help
    std::string_view help;
    std::int64_t least = 0;
    std::int64_t most = 0;
    std::string_view choices{};
    bool secret = false;  // masked wherever it is shown, and no flag: arguments are public
};

const std::vector<setting>& settings();
/// Null when there is no such setting.
const setting* find_setting(std::string_view name);
/// `drain-timeout` -> `KWQ_DRAIN_TIMEOUT`.
std::string environment_name(const setting& s);
/// Empty when `value` is one that the setting takes, else why not ("must be 0 to 65535").
std::string why_refused(const setting& s, std::string_view value);

}  // namespace kwq::app
