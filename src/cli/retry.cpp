// `kwq retry`: dead letters back to their queue, by id or for a whole job.
#include "cli/command.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

class retry_command : public command {
public:
    description describe() override {
        return {.name = "retry",
                .summary = "Retry failed tasks, or all failed tasks of a job",
                .details =
                    "Only tasks in state error can be retried. The count of attempts starts "
                    "again, their history stays.",
                .options = {{"-j,--job", "JOB", "Everything of this job that failed", &job_, {}}},
                .arguments = {{"TASK", "ids of tasks", false, &ids_, {}}},
                .examples = {"kwq retry --job nightly"}};
    }

    outcome<exit_code> run(session* s) override {
        if (ids_.empty() != job_.has_value()) {
            return usage_failure("name tasks, or one job with --job");
        }
        if (job_) {
            return make_change(*s, {.target = "/jobs/" + segment(*job_) + "/retry",
                                    .done = "Retrying # tasks of job " + *job_ + "."});
        }
        std::vector<change> all;
        for (const std::string& id : ids_) {
            all.push_back({.target = "/tasks/" + segment(id) + "/retry",
                           .done = "Retrying " + id + ".",
                           .of = id});
        }
        return make_changes(*s, all);
    }

private:
    std::vector<std::string> ids_;
    std::optional<std::string> job_;
};

}  // namespace

std::unique_ptr<command> make_retry_command() {
    return std::make_unique<retry_command>();
}

}  // namespace kwq::cli
