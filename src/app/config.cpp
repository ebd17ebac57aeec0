// config: see the header. toml++ is used here only.
#include "app/config.hpp"

#include "app/config_rules.hpp"
#include "app/settings_text.hpp"
#include "cli/suggestion.hpp"

namespace kwq::app {

/// The parser has met text that it takes for impossible, such as a key of `,`.
struct parser_gave_up {};

}  // namespace kwq::app

// The parser asserts what a broken file can break: with NDEBUG it would go on regardless.
#undef NDEBUG
#define TOML_ASSERT(expression) ((expression) ? void() : throw kwq::app::parser_gave_up{})
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace kwq::app {

namespace {

using values = std::vector<std::pair<std::string, std::string>>;
using file_result = result_of<values, config_error>;

std::string unknown_key(std::string_view name) {
    std::vector<std::string> names;
    for (const setting& s : settings()) {
        names.emplace_back(s.name);
    }
    const auto nearest = cli::nearest_name(name, names);
    return "unknown key `" + std::string(name) + "`" +
           (nearest ? ", did you mean `" + *nearest + "`?" : "");
}

std::optional<std::string> text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) {
        return text->get();
    }
    if (const auto* number = node.as_integer()) {
        return std::to_string(number->get());
    }
    if (const auto* number = node.as_floating_point()) {
        std::ostringstream out;
        out << number->get();
        return out.str();
    }
    return {};
}

/// A scalar, or an array of scalars for lists.
std::optional<std::string> value_of(const setting& s, const toml::node& node) {
    const auto* items = node.as_array();
    if (items == nullptr) {
        return text_of(node);
    }
    if (s.kind != setting_kind::list) {
        return {};
    }
    std::string joined;
    for (const auto& item : *items) {
        const auto text = text_of(item);
        if (!text) {
            return {};
        }
        joined += (joined.empty() ? "" : ",") + *text;
    }
    return joined;
}

/// The one table there is: `brokers` in `[kafka]` is `kafka-brokers`. Empty, or why not.
std::string add_values(values& found, const toml::table& table, const std::string& prefix,
                       const std::string& path) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        const setting* s = find_setting(name);
        if (const auto* inner = node.as_table(); inner != nullptr && name == "kafka") {
            if (auto why = add_values(found, *inner, "kafka-", path); !why.empty()) {
                return why;
            }
            continue;
        }
        const std::string where = path + ":" + std::to_string(node.source().begin.line) + ": ";
        if (s == nullptr) {
            return where + unknown_key(name);
        }
        const auto value = value_of(*s, node);
        if (!value) {
            return where + "`" + name + "` is not a plain value";
        }
        found.emplace_back(s->name, *value);
    }
    return "";
}

file_result values_of(std::string_view text, const std::string& path) {
    if (const auto line = line_of_stray_byte(text)) {
        return config_error{path + ":" + std::to_string(*line) +
                            ": a character that must be in quotes, or is none"};
    }
    const auto parsed = toml::parse(text, std::string_view(path));
    if (!parsed) {
        return config_error{path + ":" + std::to_string(parsed.error().source().begin.line) + ": " +
                            std::string(parsed.error().description())};
    }
    values found;
    if (auto why = add_values(found, parsed.table(), "", path); !why.empty()) {
        return config_error{std::move(why)};
    }
    return found;
}

file_result read_file(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    if (!in || !(text << in.rdbuf())) {
        return config_error{path + ": cannot be read"};
    }
    try {
        return values_of(text.view(), path);
    } catch (const parser_gave_up&) {
        return config_error{path + ": is not TOML"};
    }
}

const std::string* find_value(const values& in, std::string_view name) {
    const auto at =
        std::find_if(in.begin(), in.end(), [&](const auto& pair) { return pair.first == name; });
    return at == in.end() ? nullptr : &at->second;
}

std::string file_in_use(const config_sources& sources) {
    if (sources.file) {
        return *sources.file;
    }
    for (const std::string& path : sources.usual_files) {
        if (::access(path.c_str(), F_OK) == 0) {
            return path;
        }
    }
    return "";
}

/// Kubernetes sets KWQ_PORT=tcp://10.0.0.1:8080 in every pod that can see a service named `kwq`.
bool is_service_link(std::string_view value) {
    return value.starts_with("tcp://") || value.starts_with("udp://");
}

chosen_value choose(const setting& s, const config_sources& sources, const values& from_file,
                    const std::string& path) {
    if (const auto* flag = find_value(sources.flags, s.name)) {
        return {&s, *flag, "flag --" + std::string(s.name)};
    }
    const auto variable = environment_name(s);
    const auto* exported = find_value(sources.environment, variable);
    if (exported != nullptr && !is_service_link(*exported)) {
        return {&s, *exported, "environment " + variable};
    }
    if (const auto* written = find_value(from_file, s.name)) {
        return {&s, *written, "file " + path};
    }
    return {&s, std::string(s.fallback), "default"};
}

std::string masked(const chosen_value& c) {
    return c.of->secret && !c.value.empty() ? "********" : c.value;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        out += c == '"' || c == '\\' ? "\\" : "";
        out += c;
    }
    return out + '"';
}

std::string in_file_form(const chosen_value& c) {
    std::string value = masked(c);
    if (c.of->kind == setting_kind::integer) {
        return value;
    }
    if (c.of->kind != setting_kind::list) {
        return quoted(value);
    }
    std::string out;
    for (const std::string& item : split_list(value)) {
        out += (out.empty() ? "" : ", ") + quoted(item);
    }
    return '[' + out + ']';
}

}  // namespace

void throw_exception_from_error(const config_error& e, const boost::source_location&) {
    throw std::runtime_error(e.message);
}

result_of<resolved_config, config_error> read_config(const config_sources& sources) {
    for (const auto& [name, value] : sources.flags) {
        if (find_setting(name) == nullptr) {
            return config_error{unknown_key(name)};
        }
    }
    const std::string path = file_in_use(sources);
    values from_file;
    if (!path.empty()) {
        const auto read = read_file(path);
        if (!read) {
            return read.error();
        }
        from_file = *read;
    }
    resolved_config out;
    for (const setting& s : settings()) {
        out.chosen.push_back(choose(s, sources, from_file, path));
        const chosen_value& c = out.chosen.back();
        if (const auto why = why_refused(s, c.value); !why.empty()) {
            return config_error{std::string(s.name) + " " + why + ", not `" + masked(c) +
                                "` (from " + c.origin + ")"};
        }
    }
    if (const auto why = derive_config(out, sources.host_name); !why.empty()) {
        return config_error{why};
    }
    out.remarks = remarks_on_environment(sources.environment);
    return out;
}

std::string print_config(const resolved_config& config) {
    std::string out;
    for (const chosen_value& c : config.chosen) {
        const std::string line = std::string(c.of->name) + " = " + in_file_form(c);
        out += line + std::string(line.size() < 40 ? 40 - line.size() : 1, ' ') + " # " + c.origin +
               "\n";
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> process_environment() {
    std::vector<std::pair<std::string, std::string>> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (text.starts_with("KWQ_") && equals != std::string_view::npos) {
            out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return out;
}

}  // namespace kwq::app
