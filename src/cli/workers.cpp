// `kwq workers`: who takes work, and how much of it.
#include "cli/command.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

class workers_command : public command {
public:
    description describe() override {
        return {.name = "workers",
                .summary = "List workers and what they have done",
                .details = "",
                .options = {},
                .arguments = {},
                .examples = {}};
    }

    outcome<exit_code> run(session* s) override {
        return show(*s, "/workers",
                    [](const reply& r) { return workers_table(r.root(), look_now()); });
    }
};

}  // namespace

std::unique_ptr<command> make_workers_command() {
    return std::make_unique<workers_command>();
}

}  // namespace kwq::cli
