// `kwq queue add`: a queue and its topics.
#include "cli/command.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

class queue_add_command : public command {
public:
    description describe() override {
        return {.name = "queue add",
                .summary = "Make a queue",
                .details =
                    "Again with the same number of priorities it changes nothing; another "
                    "number is refused.",
                .options = {{"-n,--priorities",
                             "N",
                             "How many priorities it has; default: 9",
                             &priorities_,
                             {}}},
                .arguments = {{"QUEUE", "its name: a-z, 0-9 and -", true, &queue_, {}}},
                .examples = {"kwq queue add mail --priorities 3"}};
    }

    outcome<exit_code> run(session* s) override {
        const std::string count = std::to_string(priorities_.value_or(9));
        return make_change(
            *s, {.method = "PUT",
                 .target = "/queues/" + segment(queue_),
                 .body = "{\"priorities\":" + count + "}",
                 .done = "Queue " + queue_ + " is there, with " + count + " priorities."});
    }

private:
    std::string queue_;
    std::optional<std::int64_t> priorities_;
};

}  // namespace

std::unique_ptr<command> make_queue_add_command() {
    return std::make_unique<queue_add_command>();
}

}  // namespace kwq::cli
