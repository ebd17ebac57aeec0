// `kwq version`.
#include "cli/command.hpp"
#include "cli/terminal.hpp"

namespace kwq::cli {

namespace {

class version_command : public command {
public:
    description describe() override {
        return {.name = "version",
                .summary = "Print the version of this program",
                .details = "",
                .options = {{"--json", "", "Print it as JSON", &json_, {}}},
                .arguments = {},
                .examples = {},
                .client = false};
    }

    outcome<exit_code> run(session*) override {
        write_stdout(json_ ? "{\"version\":\"" + version_text() + "\"}\n"
                           : "kwq " + version_text() + "\n");
        return exit_code::ok;
    }

private:
    bool json_ = false;
};

}  // namespace

std::string version_text() {
    return KWQ_VERSION;
}

std::unique_ptr<command> make_version_command() {
    return std::make_unique<version_command>();
}

}  // namespace kwq::cli
