// `kwq job`: how far one job is.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/progress_bar.hpp"
#include "cli/requests.hpp"
#include "cli/terminal.hpp"

namespace kwq::cli {

namespace {

class job_command : public command {
public:
    description describe() override {
        return {
            .name = "job",
            .summary = "Show how far a job is",
            .details =
                "With --watch it returns when nothing of the job waits or runs any "
                "more: 0 when all of it is complete, 6 when some ended in error or "
                "were cancelled.",
            .options = {{"-w,--watch", "", "Follow it until nothing is left to do", &watch_, {}},
                        {"--for", "TIME", "With --watch: give up after this long", &most_, {}}},
            .arguments = {{"JOB", "name of the job", true, &job_, {}}},
            .examples = {"kwq job nightly --watch"}};
    }

    outcome<exit_code> run(session* s) override {
        const std::string target = "/jobs/" + segment(job_);
        if (!watch_) {
            return show(*s, target,
                        [](const reply& r) { return group_view(r.root(), look_now()); });
        }
        return follow_it(*s, target);
    }

private:
    outcome<exit_code> follow_it(session& s, const std::string& target) {
        catch_interrupts();
        progress_bar bar(!s.options().quiet && stderr_is_terminal());
        const auto answer = follow(s, {.target = target,
                                       .wait = "until=idle",
                                       .most = most_,
                                       .ended = [](const auto& g) { return open_count(g) == 0; },
                                       .on_look =
                                           [&](const reply& r) {
                                               const auto open = open_count(r.root());
                                               const auto ended = count_of(r.root(), "complete") +
                                                                  count_of(r.root(), "error") +
                                                                  count_of(r.root(), "cancelled");
                                               bar.show(ended, ended + open, counts_line(r.root()));
                                           },
                                       .longest = milliseconds{bar.visible() ? 1'000 : 20'000}});
        bar.clear();
        if (!answer) {
            return answer.error();
        }
        if (s.json()) {
            s.print_json(*answer);
        } else {
            s.print(group_view(answer->root(), look_now()));
        }
        const bool all =
            count_of(answer->root(), "error") == 0 && count_of(answer->root(), "cancelled") == 0;
        return all ? exit_code::ok : exit_code::partial;
    }

    std::string job_;
    std::optional<milliseconds> most_;
    bool watch_ = false;
};

}  // namespace

std::unique_ptr<command> make_job_command() {
    return std::make_unique<job_command>();
}

}  // namespace kwq::cli
