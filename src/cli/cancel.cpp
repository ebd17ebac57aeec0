// `kwq cancel`: tasks by id, or a whole job.
#include "cli/command.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

class cancel_command : public command {
public:
    description describe() override {
        return {.name = "cancel",
                .summary = "Cancel tasks, or all tasks of a job",
                .details =
                    "A task that waits never runs. The worker of one that runs is told to "
                    "stop it. What is submitted to the job later is new work.",
                .options = {{"-j,--job", "JOB", "Everything of this job", &job_, {}}},
                .arguments = {{"TASK", "ids of tasks", false, &ids_, {}}},
                .examples = {"kwq cancel --job nightly"}};
    }

    outcome<exit_code> run(session* s) override {
        if (ids_.empty() != job_.has_value()) {
            return usage_failure("name tasks, or one job with --job");
        }
        if (job_) {
            return make_change(*s, {.target = "/jobs/" + segment(*job_) + "/cancel",
                                    .done = "Cancelled job " + *job_ + ": # tasks had not ended."});
        }
        std::vector<change> all;
        for (const std::string& id : ids_) {
            all.push_back({.target = "/tasks/" + segment(id) + "/cancel",
                           .done = "Cancelled " + id + ".",
                           .of = id});
        }
        return make_changes(*s, all);
    }

private:
    std::vector<std::string> ids_;
    std::optional<std::string> job_;
};

}  // namespace

std::unique_ptr<command> make_cancel_command() {
    return std::make_unique<cancel_command>();
}

}  // namespace kwq::cli
