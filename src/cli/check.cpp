// `kwq check`: does the log of a stopped server obey the rules, and did its clients hear the truth?
#include "check/checker.hpp"
#include "check/summary.hpp"
#include "cli/command.hpp"
#include "cli/terminal.hpp"

#include <fstream>

namespace kwq::cli {

namespace {

class check_command : public command {
public:
    description describe() override {
        return {
            .name = "check",
            .summary = "Check that the log of a stopped server obeys the rules",
            .details =
                "DIR is the server's data directory, or the log in it. It is only read; while a "
                "server has it open it is refused.\n\nEvery event is judged again, by rules "
                "written apart from the server's, and every task followed from its record to its "
                "end. With --history what clients did and were told is compared with the log as "
                "well: JSON lines, as docs/check.md describes them.\n\nExit code 0: no rule is "
                "broken. 1: one is, and the first places are named, or the log cannot be read.",
            .options = {{"--history",
                         "FILE",
                         "What clients did and were told, as JSON lines",
                         &history_,
                         {"file"}},
                        {"--prefix",
                         "WORD",
                         "What the names of the topics begin with; default: kwq",
                         &prefix_,
                         {}},
                        {"--json", "", "Print the report as JSON", &json_, {}}},
            .arguments = {{"DIR", "The data directory", true, &directory_, {"file"}}},
            .examples = {"kwq check /var/lib/kwq", "kwq check ./data --history clients.ndjson"},
            .client = false};
    }

    outcome<exit_code> run(session*) override {
        std::ifstream history;
        if (history_) {
            history.open(*history_);
            if (!history) {
                return failure{exit_code::error, "the history " + *history_ + " cannot be read"};
            }
        }
        const auto source = check::open_log_directory(directory_);
        if (source.has_error()) {
            return failure{exit_code::error, source.error().detail};
        }
        const auto report = check::check_log(**source, {.prefix = prefix_.value_or("kwq"),
                                                        .history = history_ ? &history : nullptr});
        if (report.has_error()) {
            return failure{exit_code::error, report.error().detail};
        }
        write_stdout(json_ ? check::write_json(*report) : check::write_text(*report));
        return report->found.clean() ? exit_code::ok : exit_code::error;
    }

private:
    std::string directory_;
    std::optional<std::string> history_;
    std::optional<std::string> prefix_;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<command> make_check_command() {
    return std::make_unique<check_command>();
}

}  // namespace kwq::cli
