// `kwq task`: one task with all its attempts.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/requests.hpp"
#include "cli/terminal.hpp"

namespace kwq::cli {

namespace {

class task_command : public command {
public:
    description describe() override {
        return {.name = "task",
                .summary = "Show one task: state, attempts, result",
                .details =
                    "With --watch each change of its state is printed as it happens, and "
                    "the exit code says how it ended: 0 complete, 1 error or cancelled.",
                .options = {{"-w,--watch", "", "Follow it until it has ended", &watch_, {}},
                            {"--for", "TIME", "With --watch: give up after this long", &most_, {}},
                            {"--result", "", "Print its result only, as JSON", &result_, {}}},
                .arguments = {{"TASK", "id of the task", true, &id_, {}}},
                .examples = {"kwq task 01J… --watch"}};
    }

    outcome<exit_code> run(session* s) override {
        const std::string target = "/tasks/" + segment(id_);
        if (watch_) {
            return follow_it(*s, target);
        }
        const auto answer = s->ask({.target = target});
        if (!answer) {
            return answer.error();
        }
        print(*s, *answer);
        return exit_code::ok;
    }

private:
    void print(session& s, const reply& r) {
        if (result_) {
            const auto* result = r.root().find("result");
            s.print((result == nullptr ? "null" : std::string(result->raw())) + "\n");
        } else if (s.json()) {
            s.print_json(r);
        } else {
            s.print(task_view(r.root(), look_now()));
        }
    }

    outcome<exit_code> follow_it(session& s, const std::string& target) {
        catch_interrupts();
        std::string state;
        const auto answer = follow(
            s, {.target = target,
                .wait = "until=terminal",
                .most = most_,
                .ended = [](const auto& t) { return instant_field(t, "ended_at").has_value(); },
                .on_look =
                    [&](const reply& r) {
                        const auto now = text_field(r.root(), "state");
                        if (now != state && !s.json()) {
                            s.say(now);
                        }
                        state = now;
                    }});
        if (!answer) {
            return answer.error();
        }
        print(s, *answer);
        return state == "complete" ? exit_code::ok : exit_code::error;
    }

    std::string id_;
    std::optional<milliseconds> most_;
    bool watch_ = false;
    bool result_ = false;
};

}  // namespace

std::unique_ptr<command> make_task_command() {
    return std::make_unique<task_command>();
}

}  // namespace kwq::cli
