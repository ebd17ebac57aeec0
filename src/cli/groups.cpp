// `kwq jobs` and `kwq tags`: which there are, with their counts.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/requests.hpp"

namespace kwq::cli {

namespace {

class groups_command : public command {
public:
    /// `kind`: "job" or "tag".
    groups_command(std::string kind, std::string summary)
        : kind_(std::move(kind)), summary_(std::move(summary)) {}

    description describe() override {
        return {.name = kind_ + "s",
                .summary = summary_,
                .details = "",
                .options =
                    {{"--prefix", "TEXT", "Only names that begin so", &prefix_, {}},
                     {"-n,--limit", "N", "At most so many, 1 to 1000; default: 100", &limit_, {}},
                     {"--cursor", "CURSOR", "Go on where the page before ended", &cursor_, {}}},
                .arguments = {},
                .examples = {}};
    }

    outcome<exit_code> run(session* s) override {
        const std::string target = "/" + kind_ + "s" +
                                   query_string({{"prefix", prefix_},
                                                 {"limit", std::to_string(limit_.value_or(100))},
                                                 {"cursor", cursor_}});
        return show(*s, target, [&](const reply& r) {
            const auto next = text_field(r.root(), "next_cursor");
            if (!next.empty()) {
                s->say("There are more: --cursor " + next);
            }
            return groups_table(r.root(), kind_, look_now());
        });
    }

private:
    const std::string kind_, summary_;
    std::string prefix_, cursor_;
    std::optional<std::int64_t> limit_;
};

}  // namespace

std::unique_ptr<command> make_jobs_command() {
    return std::make_unique<groups_command>("job", "List jobs and how far they are");
}

std::unique_ptr<command> make_tags_command() {
    return std::make_unique<groups_command>("tag", "List tags and how far their tasks are");
}

}  // namespace kwq::cli
