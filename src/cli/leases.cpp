// `kwq leases`: what one worker holds right now.
#include "cli/command.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

class leases_command : public command {
public:
    description describe() override {
        return {.name = "leases",
                .summary = "List the tasks a worker holds",
                .details = "Names of workers: kwq workers.",
                .options = {},
                .arguments = {{"WORKER", "name of the worker", true, &worker_, {}}},
                .examples = {}};
    }

    outcome<exit_code> run(session* s) override {
        return show(*s, "/leases" + query_string({{"worker", worker_}}),
                    [](const reply& r) { return leases_table(r.root(), look_now()); });
    }

private:
    std::string worker_;
};

}  // namespace

std::unique_ptr<command> make_leases_command() {
    return std::make_unique<leases_command>();
}

}  // namespace kwq::cli
