// `kwq cancel`, `kwq retry` and `kwq reprioritise`: tasks by id, a whole job, or all that a query
// finds.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/progress_bar.hpp"
#include "cli/quantity.hpp"
#include "cli/requests.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"

namespace kwq::cli {

namespace {

/// What tells the one from the other. `{}` in a sentence stands for the job or the task.
struct steering_words {
    std::string name, summary, details, of_job, job_done, task_done;
    std::string example = " --job nightly";
    std::string options{};  // of the second example
    bool moves = false;     // wants a priority, and knows no whole jobs
};

std::string filled(std::string sentence, const std::string& with) {
    return sentence.replace(sentence.find("{}"), 2, with);
}

class steering_command : public command {
public:
    explicit steering_command(steering_words words) : words_(std::move(words)) {}

    description describe() override {
        description d = {
            .name = words_.name,
            .summary = words_.summary,
            .details = words_.details +
                       " With --query it is done in the background, at a pace that does not "
                       "disturb; the command waits for the end.",
            .options = {{"-q,--query", "QUERY", "All that `kwq ls QUERY` lists", &query_, {}},
                        {"--dry-run", "", "With --query: only count them", &dry_run_, {}},
                        {"--no-wait", "", "With --query: return once it has begun", &no_wait_, {}}},
            .arguments = {{"TASK", "ids of tasks", false, &ids_, {}}},
            .examples = {"kwq " + words_.name + words_.example,
                         "kwq " + words_.name + words_.options +
                             " -q 'queue:mail tag:customer:7' --dry-run"}};
        if (words_.moves) {
            d.options.insert(d.options.begin(),
                             option{"-p,--priority", "N", "Priority of its queue", &priority_, {}});
        } else {
            d.options.insert(d.options.begin(),
                             option{"-j,--job", "JOB", words_.of_job, &job_, {}});
        }
        return d;
    }

    outcome<exit_code> run(session* s) override {
        const int ways = (ids_.empty() ? 0 : 1) + (job_ ? 1 : 0) + (query_ ? 1 : 0);
        if (words_.moves && !priority_) {
            return usage_failure("--priority: to which?");
        }
        if (ways != 1) {
            return usage_failure(words_.moves
                                     ? "name tasks, or give a --query"
                                     : "name tasks, or one job with --job, or give a --query");
        }
        if (query_) {
            return change_all(*s);
        }
        if (job_) {
            return make_change(*s, {.target = "/jobs/" + segment(*job_) + "/" + words_.name,
                                    .done = filled(words_.job_done, *job_)});
        }
        std::vector<change> all;
        all.reserve(ids_.size());
        for (const std::string& id : ids_) {
            all.push_back({.target = "/tasks/" + segment(id) + "/" + words_.name,
                           .body = one_body(),
                           .done = filled(words_.task_done, id),
                           .of = id});
        }
        return make_changes(*s, all);
    }

private:
    std::string one_body() const {
        return priority_ ? "{\"priority\":" + std::to_string(*priority_) + "}" : std::string();
    }

    std::string body() const {
        std::string out;
        codec::json_writer w(out);
        w.begin_object().field("action", words_.name).field("q", *query_);
        if (priority_) {
            w.field("priority", *priority_);
        }
        w.field("dry_run", dry_run_).end_object();
        return out;
    }

    outcome<exit_code> change_all(session& s) {
        const auto begun = s.ask({.method = "POST", .target = "/bulk", .body = body()});
        if (!begun) {
            return begun.error();
        }
        if (dry_run_ || no_wait_) {
            print(s, *begun);
            return exit_code::ok;
        }
        catch_interrupts();
        progress_bar bar(!s.options().quiet && stderr_is_terminal());
        const auto ended =
            follow(s, {.target = "/bulk/" + segment(text_field(begun->root(), "id")),
                       .wait = "until=terminal",
                       .most = {},
                       .ended = [](const auto& v) { return text_field(v, "state") != "running"; },
                       .on_look =
                           [&](const reply& r) {
                               const auto done = integer_field(r.root(), "done") +
                                                 integer_field(r.root(), "left") +
                                                 integer_field(r.root(), "failed");
                               bar.show(done, integer_field(r.root(), "matched"),
                                        human_count(done) + " tasks");
                           },
                       .longest = milliseconds{bar.visible() ? 500 : 20'000}});
        bar.clear();
        if (!ended) {
            return ended.error();
        }
        print(s, *ended);
        const bool whole = text_field(ended->root(), "state") == "complete";
        return whole && integer_field(ended->root(), "failed") == 0 ? exit_code::ok
                                                                    : exit_code::partial;
    }

    void print(session& s, const reply& r) const {
        const auto matched = human_count(integer_field(r.root(), "matched"));
        if (s.json()) {
            s.print_json(r);
        } else if (dry_run_) {
            s.print((flag_field(r.root(), "exact") ? "" : "At least ") + matched +
                    " tasks would be changed.\n");
        } else {
            s.print("Bulk " + words_.name + " " + printable(text_field(r.root(), "id")) + " is " +
                    printable(text_field(r.root(), "state")) + ": " +
                    human_count(integer_field(r.root(), "done")) + " of " + matched +
                    " tasks done, " +
                    (words_.moves ? human_count(integer_field(r.root(), "left")) + " left, " : "") +
                    human_count(integer_field(r.root(), "failed")) + " refused.\n");
        }
    }

    const steering_words words_;
    std::vector<std::string> ids_;
    std::optional<std::string> job_, query_;
    std::optional<std::int64_t> priority_;
    bool dry_run_ = false;
    bool no_wait_ = false;
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

std::unique_ptr<command> make_reprioritise_command() {
    return std::make_unique<steering_command>(
        steering_words{.name = "reprioritise",
                       .summary = "Serve tasks that wait at another priority",
                       .details = "A task keeps its id, attempts and history. One that is leased, "
                                  "has ended or is there already is left as it is.",
                       .of_job = {},
                       .job_done = {},
                       .task_done = "{} is served at its new priority.",
                       .example = " -p 9 order-17",
                       .options = " -p 9",
                       .moves = true});
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
