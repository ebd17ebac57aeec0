// `kwq tasks`, or `kwq ls`: tasks by what they have in common: a page as a table, or all of them as
// lines.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/requests.hpp"
#include "cli/terminal.hpp"

namespace kwq::cli {

namespace {

constexpr milliseconds longest_list{24LL * 3'600 * 1'000};

class tasks_command : public command {
public:
    description describe() override {
        return {.name = "tasks",
                .summary = "List tasks, newest first",
                .details =
                    "QUERY is words such as state:error queue:mail tag:\"a b\" job:nightly "
                    "worker:w1 error:FINGERPRINT; all must hold. A table or JSON is one page; "
                    "ndjson and csv are the whole list, as fast as it is read.",
                .options =
                    {{"-j,--job", "JOB", "Only of this job", &job_, {}},
                     {"-s,--state",
                      "STATE",
                      "Only in this state, or these with commas",
                      &state_,
                      {"scheduled", "pending", "allocated", "running", "complete", "error",
                       "cancelled"}},
                     {"-t,--tag", "TAG", "Only with this tag", &tag_, {}},
                     {"-q,--queue", "QUEUE", "Only on this queue", &queue_, {}},
                     {"-w,--worker", "WORKER", "Only those it had last", &worker_, {}},
                     {"-e,--error", "GROUP", "Only of this error group", &error_, {}},
                     {"--oldest", "", "Oldest first", &oldest_, {}},
                     {"-o,--output",
                      "FORM",
                      "table, json, ndjson or csv; default: table",
                      &output_,
                      {"table", "json", "ndjson", "csv"}},
                     {"-n,--limit", "N", "At most so many; a page: 50, or up to 1000", &limit_, {}},
                     {"--cursor", "CURSOR", "Go on where the page before ended", &cursor_, {}}},
                .arguments = {{"QUERY", "which tasks", false, &query_, {}}},
                .examples = {"kwq tasks --job nightly --state error",
                             "kwq ls state:error queue:mail -o csv > failed.csv"},
                .alias = "ls"};
    }

    outcome<exit_code> run(session* s) override {
        for (const std::string& word : query_) {
            if (word.find(':') == std::string::npos) {
                return usage_failure("`" + word + "` is not of the form word:value");
            }
        }
        if (output_ == "ndjson" || output_ == "csv") {
            return print_all(*s);
        }
        if (!output_.empty() && output_ != "table" && output_ != "json") {
            return usage_failure("--output is table, json, ndjson or csv");
        }
        const auto view = [&](const reply& r) {
            const auto next = text_field(r.root(), "next_cursor");
            if (!next.empty()) {
                s->say("There are more: --cursor " + next);
            }
            return output_ == "json" ? r.body + "\n" : tasks_table(r.root(), look_now());
        };
        return show(*s, target(limit_.value_or(50), ""), view);
    }

private:
    std::string target(std::optional<std::int64_t> limit, const std::string& format) const {
        std::string words;
        for (const std::string& word : query_) {
            words += (words.empty() ? "" : " ") + word;
        }
        return "/tasks" + query_string({{"q", words},
                                        {"job", job_},
                                        {"state", state_},
                                        {"tag", tag_},
                                        {"queue", queue_},
                                        {"worker", worker_},
                                        {"error", error_},
                                        {"order", oldest_ ? "oldest" : ""},
                                        {"limit", limit ? std::to_string(*limit) : ""},
                                        {"cursor", cursor_},
                                        {"format", format}});
    }

    outcome<exit_code> print_all(session& s) const {
        bool heard = true;
        const auto done = s.ask_lines({.target = target(limit_, output_), .timeout = longest_list},
                                      [&](std::string_view line) {
                                          heard = heard && write_stdout(std::string(line) + "\n");
                                      });
        if (!done) {
            return done.error();
        }
        return heard ? exit_code::ok : exit_code::error;
    }

    std::vector<std::string> query_;
    std::string job_, state_, tag_, queue_, worker_, error_, cursor_, output_;
    std::optional<std::int64_t> limit_;
    bool oldest_ = false;
};

}  // namespace

std::unique_ptr<command> make_tasks_command() {
    return std::make_unique<tasks_command>();
}

}  // namespace kwq::cli
