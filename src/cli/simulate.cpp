// `kwq simulate`: tasks and workers that only wait, through the real path, to see it work.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/progress_bar.hpp"
#include "cli/quantity.hpp"
#include "cli/requests.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"

#include <algorithm>

namespace kwq::cli {

namespace {

class simulate_command : public command {
public:
    description describe() override {
        return {
            .name = "simulate",
            .summary = "Run a simulation: its own job, through the real path",
            .details = "Touches no task but its own, on the queue sim.",
            .options =
                {{"-w,--workers", "N", "Simulated workers; default: 10", &workers_, {}},
                 {"-d,--seconds", "TIME", "How long each task takes; default: 1s", &seconds_, {}},
                 {"--for", "TIME", "Give up waiting after this long; default: 10m", &most_, {}},
                 {"--no-wait", "", "Return once it has begun", &no_wait_, {}}},
            .arguments = {{"N", "how many tasks; default: 500", false, &tasks_, {}}},
            .examples = {"kwq simulate 500 --workers 50 --seconds 1"}};
    }

    outcome<exit_code> run(session* s) override {
        const auto count = tasks_.empty() ? 500 : parse_integer(tasks_).value_or(-1);
        if (count < 1) {
            return usage_failure("`" + tasks_ + "` is no number of tasks");
        }
        const auto begun =
            s->ask({.method = "POST", .target = "/simulations", .body = body(count)});
        if (!begun) {
            return begun.error();
        }
        if (no_wait_) {
            print(*s, *begun);
            return exit_code::ok;
        }
        return follow_it(*s, text_field(begun->root(), "id"));
    }

private:
    std::string body(std::int64_t count) const {
        return "{\"tasks\":" + std::to_string(count) +
               ",\"workers\":" + std::to_string(workers_.value_or(10)) +
               ",\"seconds\":" + write_seconds(seconds_.value_or(milliseconds{1'000})) + "}";
    }

    static void print(session& s, const reply& r) {
        if (s.json()) {
            s.print_json(r);
            return;
        }
        s.print("Simulation " + printable(text_field(r.root(), "id")) + " is " +
                printable(text_field(r.root(), "state")) + ": " +
                human_count(integer_field(r.root(), "completed")) + " of " +
                human_count(integer_field(r.root(), "tasks")) + " tasks of job " +
                printable(text_field(r.root(), "job")) + " complete.\n");
    }

    outcome<exit_code> follow_it(session& s, const std::string& id) {
        catch_interrupts();
        progress_bar bar(!s.options().quiet && stderr_is_terminal());
        const auto answer =
            follow(s, {.target = "/simulations/" + segment(id),
                       .wait = "until=terminal",
                       .most = most_.value_or(milliseconds{600'000}),
                       .ended = [](const auto& v) { return text_field(v, "state") != "running"; },
                       .on_look =
                           [&](const reply& r) {
                               const auto done = integer_field(r.root(), "completed");
                               const auto all = integer_field(r.root(), "tasks");
                               bar.show(done, all, human_count(done) + " of " + human_count(all));
                           },
                       .longest = milliseconds{bar.visible() ? 500 : 20'000}});
        bar.clear();
        if (!answer) {
            return answer.error();
        }
        print(s, *answer);
        return text_field(answer->root(), "state") == "complete" ? exit_code::ok : exit_code::error;
    }

    std::string tasks_;
    std::optional<std::int64_t> workers_;
    std::optional<milliseconds> seconds_, most_;
    bool no_wait_ = false;
};

}  // namespace

std::unique_ptr<command> make_simulate_command() {
    return std::make_unique<simulate_command>();
}

}  // namespace kwq::cli
