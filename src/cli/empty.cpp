// `kwq empty`: everything that waits on a queue is cancelled.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/quantity.hpp"
#include "cli/requests.hpp"
#include "cli/terminal.hpp"

#include <iostream>

namespace kwq::cli {

namespace {

class empty_command : public command {
public:
    description describe() override {
        return {.name = "empty",
                .summary = "Cancel everything that waits on a queue",
                .details =
                    "Asks before it does so, and refuses without a terminal to ask at unless "
                    "--yes says that it is meant. What runs, runs on.",
                .options = {{"-p,--priority", "N", "Only this priority", &priority_, {}},
                            {"-y,--yes", "", "Do not ask", &yes_, {}}},
                .arguments = {{"QUEUE", "name of the queue", true, &queue_, {}}},
                .examples = {"kwq empty mail --yes"}};
    }

    outcome<exit_code> run(session* s) override {
        const std::string what =
            (priority_ ? "priority " + std::to_string(*priority_) + " of " : "") + "queue " +
            queue_;
        if (!yes_) {
            const auto sure = ask_person(*s, what);
            if (!sure) {
                return sure.error();
            }
        }
        const std::string priority = priority_ ? std::to_string(*priority_) : "";
        return make_change(*s, {.target = "/queues/" + segment(queue_) + "/empty" +
                                          query_string({{"priority", priority}}),
                                .done = "Cancelled # tasks of " + what + "."});
    }

private:
    outcome<void> ask_person(session& s, const std::string& what) {
        if (!stdin_is_terminal()) {
            return usage_failure("empty cancels everything that waits: say --yes");
        }
        const auto now = s.ask({.target = "/queues/" + segment(queue_)});
        if (!now) {
            return now.error();
        }
        write_stderr("Cancel what waits of " + what + " (" + human_count(open_count(now->root())) +
                     " open tasks on the queue)? [y/N] ");
        std::string answer;
        std::getline(std::cin, answer);
        if (answer != "y" && answer != "yes") {
            return failure{exit_code::error, "nothing was changed"};
        }
        return {};
    }

    std::string queue_;
    std::optional<std::int64_t> priority_;
    bool yes_ = false;
};

}  // namespace

std::unique_ptr<command> make_empty_command() {
    return std::make_unique<empty_command>();
}

}  // namespace kwq::cli
