// `kwq tasks`: a page of tasks by job, state, tag or queue.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

class tasks_command : public command {
public:
    description describe() override {
        return {
            .name = "tasks",
            .summary = "List tasks, newest first",
            .details = "",
            .options = {{"-j,--job", "JOB", "Only of this job", &job_, {}},
                        {"-s,--state",
                         "STATE",
                         "Only in this state",
                         &state_,
                         {"scheduled", "pending", "allocated", "running", "complete", "error",
                          "cancelled"}},
                        {"-t,--tag", "TAG", "Only with this tag", &tag_, {}},
                        {"-q,--queue", "QUEUE", "Only on this queue", &queue_, {}},
                        {"--oldest", "", "Oldest first", &oldest_, {}},
                        {"-n,--limit", "N", "At most so many, 1 to 1000; default: 50", &limit_, {}},
                        {"--cursor", "CURSOR", "Go on where the page before ended", &cursor_, {}}},
            .arguments = {},
            .examples = {"kwq tasks --job nightly --state error"}};
    }

    outcome<exit_code> run(session* s) override {
        const std::string target =
            "/tasks" + query_string({{"job", job_},
                                     {"state", state_},
                                     {"tag", tag_},
                                     {"queue", queue_},
                                     {"order", oldest_ ? "oldest" : ""},
                                     {"limit", std::to_string(limit_.value_or(50))},
                                     {"cursor", cursor_}});
        return show(*s, target, [&](const reply& r) {
            const auto next = text_field(r.root(), "next_cursor");
            if (!next.empty()) {
                s->say("There are more: --cursor " + next);
            }
            return tasks_table(r.root(), look_now());
        });
    }

private:
    std::string job_, state_, tag_, queue_, cursor_;
    std::optional<std::int64_t> limit_;
    bool oldest_ = false;
};

}  // namespace

std::unique_ptr<command> make_tasks_command() {
    return std::make_unique<tasks_command>();
}

}  // namespace kwq::cli
