// `kwq info`: the whole system on one page: dispatch, depths, workers.
#include "cli/command.hpp"
#include "cli/overview.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

class info_command : public command {
public:
    description describe() override {
        return {.name = "info",
                .summary = "Show the system on one page: dispatch, depths, workers",
                .details = "",
                .options = {},
                .arguments = {},
                .examples = {}};
    }

    outcome<exit_code> run(session* s) override {
        const auto seen = read_overview(*s);
        if (!seen) {
            return seen.error();
        }
        s->print(s->json() ? overview_json(*seen) : overview_text(*seen, look_now()));
        return exit_code::ok;
    }
};

}  // namespace

std::unique_ptr<command> make_info_command() {
    return std::make_unique<info_command>();
}

}  // namespace kwq::cli
