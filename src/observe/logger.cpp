// Log lines: made here, so that all sinks and the tests see the same text; spdlog writes them.
#include "observe/logger.hpp"

#include "base/clock.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <cstdio>
#include <ctime>

namespace kwq::observe {

namespace {

constexpr std::size_t max_file_bytes = 50UL * 1024 * 1024;
constexpr std::size_t max_files = 5;

std::string_view name(level l) {
    switch (l) {
        case level::debug: return "debug";
        case level::info: return "info";
        case level::warn: return "warn";
        case level::error: return "error";
    }
    return "error";
}

std::string timestamp(instant at) {
    const auto seconds = static_cast<std::time_t>(at.value() / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::array<char, 8> rest{};
    std::snprintf(rest.data(), rest.size(), ".%03dZ", static_cast<int>(at.value() % 1000));
    return std::string(text.data(), length) + rest.data();
}

void add_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (c == '\n') {
            out += "\\n";
        } else if (byte < 0x20 || byte == 0x7F) {
            std::array<char, 8> code{};
            std::snprintf(code.data(), code.size(), "\\u%04x", byte);
            out += code.data();
        } else {
            out.push_back(c);
        }
    }
}

void add_quoted(std::string& out, std::string_view text) {
    out.push_back('"');
    add_escaped(out, text);
    out.push_back('"');
}

/// Whether a value can stand bare after `key=`.
bool is_plain(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7F || c == '"' || c == '\\' || c == '=') {
            return false;
        }
    }
    return !text.empty();
}

struct line_parts {
    level at;
    std::string_view module;
    std::string_view message;
    std::initializer_list<log_field> fields;
};

std::string text_line(const line_parts& parts) {
    std::string out = timestamp(system_clock().wall());
    out.append(" ").append(name(parts.at)).append(" ").append(parts.module).append(" ");
    for (const char c : parts.message) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            add_escaped(out, {&c, 1});
        } else {
            out.push_back(c);
        }
    }
    for (const auto& field : parts.fields) {
        out.append(" ").append(field.name).append("=");
        if (is_plain(field.value)) {
            out += field.value;
        } else {
            add_quoted(out, field.value);
        }
    }
    return out;
}

std::string json_line(const line_parts& parts) {
    std::string out = R"({"time":")" + timestamp(system_clock().wall());
    out.append(R"(","level":")").append(name(parts.at)).append(R"(","module":)");
    add_quoted(out, parts.module);
    out += R"(,"message":)";
    add_quoted(out, parts.message);
    for (const auto& field : parts.fields) {
        out.push_back(',');
        add_quoted(out, field.name);
        out.push_back(':');
        add_quoted(out, field.value);
    }
    out.push_back('}');
    return out;
}

class spdlog_logger final : public logger {
public:
    explicit spdlog_logger(const logger_config& config)
        : at_least_(config.at_least), json_(config.json), to_("kwq", make_sink(config.file)) {
        to_.set_pattern("%v", spdlog::pattern_time_type::utc);
        to_.set_level(spdlog::level::debug);
        to_.flush_on(spdlog::level::debug);
    }

    void log(level l, std::string_view module, std::string_view message,
             std::initializer_list<log_field> fields) override {
        if (enabled(l)) {
            const line_parts parts{l, module, message, fields};
            to_.log(spdlog::level::info,
                    spdlog::string_view_t(json_ ? json_line(parts) : text_line(parts)));
        }
    }
    bool enabled(level l) const override { return l >= at_least_; }

private:
    /// Shared, since that is what spdlog takes; nobody else holds it.
    static spdlog::sink_ptr make_sink(const std::string& file) {
        if (file.empty()) {
            return std::make_shared<spdlog::sinks::stderr_sink_mt>();
        }
        return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file, max_file_bytes,
                                                                      max_files);
    }

    const level at_least_;
    const bool json_;
    spdlog::logger to_;
};

class null_logger final : public logger {
public:
    void log(level, std::string_view, std::string_view, std::initializer_list<log_field>) override {
    }
    bool enabled(level) const override { return false; }
};

class capturing_logger final : public logger {
public:
    explicit capturing_logger(std::function<void(level, std::string)> sink)
        : sink_(std::move(sink)) {}
    void log(level l, std::string_view module, std::string_view message,
             std::initializer_list<log_field> fields) override {
        sink_(l, text_line({l, module, message, fields}));
    }
    bool enabled(level) const override { return true; }

private:
    const std::function<void(level, std::string)> sink_;
};

}  // namespace

std::unique_ptr<logger> make_logger(const logger_config& config) {
    return std::make_unique<spdlog_logger>(config);
}

std::unique_ptr<logger> make_null_logger() {
    return std::make_unique<null_logger>();
}

std::unique_ptr<logger> make_capturing_logger(std::function<void(level, std::string)> sink) {
    return std::make_unique<capturing_logger>(std::move(sink));
}

}  // namespace kwq::observe
