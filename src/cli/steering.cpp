// `kwq cancel` and `kwq retry`: tasks by id, or a whole job.
#include "cli/command.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

/// What tells the one from the other. `{}` in a sentence stands for the job or the task.
struct steering_words {
    std::string name, summary, details, of_job, job_done, task_done;
};

std::string filled(std::string sentence, const std::string& with) {
    return sentence.replace(sentence.find("{}"), 2, with);
}

class steering_command : public command {
public:
    explicit steering_command(steering_words words) : words_(std::move(words)) {}

    description describe() override {
        return {.name = words_.name,
                .summary = words_.summary,
                .details = words_.details,
                .options = {{"-j,--job", "JOB", words_.of_job, &job_, {}}},
                .arguments = {{"TASK", "ids of tasks", false, &ids_, {}}},
                .examples = {"kwq " + words_.name + " --job nightly"}};
    }

    outcome<exit_code> run(session* s) override {
        if (ids_.empty() != job_.has_value()) {
            return usage_failure("name tasks, or one job with --job");
        }
        if (job_) {
            return make_change(*s, {.target = "/jobs/" + segment(*job_) + "/" + words_.name,
                                    .done = filled(words_.job_done, *job_)});
        }
        std::vector<change> all;
        for (const std::string& id : ids_) {
            all.push_back({.target = "/tasks/" + segment(id) + "/" + words_.name,
                           .done = filled(words_.task_done, id),
                           .of = id});
        }
        return make_changes(*s, all);
    }

private:
    const steering_words words_;
    std::vector<std::string> ids_;
    std::optional<std::string> job_;
};

}  // namespace

std::unique_ptr<command> make_cancel_command() {
    return std::make_unique<steering_command>(
        steering_words{.name = "cancel",
                       .summary = "Cancel tasks, or all tasks of a job",
                       .details = "A task that waits never runs. The worker of one that runs is "
                                  "told to stop it. What is submitted to the job later is new "
                                  "work.",
                       .of_job = "Everything of this job",
                       .job_done = "Cancelled job {}: # tasks had not ended.",
                       .task_done = "Cancelled {}."});
}

std::unique_ptr<command> make_retry_command() {
    return std::make_unique<steering_command>(
        steering_words{.name = "retry",
                       .summary = "Retry failed tasks, or all failed tasks of a job",
                       .details = "Only tasks in state error can be retried. The count of attempts "
                                  "starts again, their history stays.",
                       .of_job = "Everything of this job that failed",
                       .job_done = "Retrying # tasks of job {}.",
                       .task_done = "Retrying {}."});
}

}  // namespace kwq::cli
