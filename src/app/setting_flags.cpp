#include "app/setting_flags.hpp"

#include <unistd.h>
#include <array>
#include <cctype>

namespace kwq::app {

namespace {

cli::option option_of(const setting& s, std::optional<std::string>& to) {
    std::string help(s.help);
    help[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(help[0])));
    if (!s.fallback.empty()) {
        help += "; default: " + std::string(s.fallback);
    }
    std::vector<std::string> choices;
    std::string_view rest = s.choices;
    while (!rest.empty()) {
        const auto end = rest.find('|');
        choices.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    if (s.value == "FILE" || s.value == "DIR") {
        choices = {"file"};
    }
    return {"--" + std::string(s.name), std::string(s.value), help, &to, choices};
}

}  // namespace

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') {
        return "kwq";
    }
    return name.data();
}

setting_flags::setting_flags() : given_(settings().size()) {}

std::vector<cli::option> setting_flags::options() {
    std::vector<cli::option> all{{"--config",
                                  "FILE",
                                  "Settings file; default: ./kwq.toml, else /etc/kwq/kwq.toml",
                                  &file_,
                                  {"file"}}};
    for (std::size_t i = 0; i < settings().size(); ++i) {
        const setting& s = settings()[i];
        if (!s.secret) {
            all.push_back(option_of(s, given_[i]));
        }
    }
    return all;
}

config_sources setting_flags::sources() const {
    config_sources out;
    for (std::size_t i = 0; i < given_.size(); ++i) {
        if (given_[i]) {
            out.flags.emplace_back(settings()[i].name, *given_[i]);
        }
    }
    out.environment = process_environment();
    out.file = file_;
    out.host_name = host_name();
    return out;
}

}  // namespace kwq::app
