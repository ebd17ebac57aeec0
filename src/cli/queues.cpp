// `kwq queues`: depths of each queue and priority.
#include "cli/command.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

class queues_command : public command {
public:
    description describe() override {
        return {.name = "queues",
                .summary = "List queues and what waits on them, by priority",
                .details = "",
                .options = {},
                .arguments = {},
                .examples = {}};
    }

    outcome<exit_code> run(session* s) override {
        return show(*s, "/queues",
                    [](const reply& r) { return queues_table(r.root(), look_now()); });
    }
};

}  // namespace

std::unique_ptr<command> make_queues_command() {
    return std::make_unique<queues_command>();
}

}  // namespace kwq::cli
