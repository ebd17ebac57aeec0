// logger: one line for one thing that happened; time, level, module, message, key=value. An object
// passed in, so that tests can read what was logged and fail on an unexpected `error`.
//   error  a human must look     warn  a human may want to look
//   info   a few lines a minute   debug  each decision
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kwq::observe {

enum class level : unsigned char { debug, info, warn, error };

struct log_field {
    std::string_view name;
    std::string value;
};

class logger {
public:
    virtual ~logger() = default;
    /// Any thread. Control characters in message and values are escaped.
    virtual void log(level l, std::string_view module, std::string_view message,
                     std::initializer_list<log_field> fields = {}) = 0;
    virtual bool enabled(level l) const = 0;
};

struct logger_config {
    level at_least = level::info;
    bool json = false;
    std::string file;  // empty: stderr; otherwise rotated at 50 MB, 5 files
};

std::unique_ptr<logger> make_logger(const logger_config& config);  // spdlog; throws if it cannot
std::unique_ptr<logger> make_null_logger();
/// Calls `sink` with each formatted line: for tests.
std::unique_ptr<logger> make_capturing_logger(std::function<void(level, std::string)> sink);

}  // namespace kwq::observe
