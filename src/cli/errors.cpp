// `kwq errors`: what goes wrong, by error group.
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/quantity.hpp"
#include "cli/requests.hpp"
#include "cli/table.hpp"

namespace kwq::cli {

namespace {

std::string errors_table(const codec::json_value& page, const look& how) {
    table t({{"GROUP"},
             {"COUNT", table::align::right},
             {"FAILED NOW", table::align::right},
             {"LAST", table::align::right},
             {"MESSAGE"}});
    for (const codec::json_value& v : array_field(page, "items")) {
        const auto last = instant_field(v, "last_at");
        t.add({text_field(v, "error"), human_count(integer_field(v, "count")),
               human_count(integer_field(v, "tasks")),
               last ? human_duration(how.now - *last) + " ago" : "",
               shortened(text_field(v, "message"), 80)});
    }
    return t.empty() ? "No errors.\n" : t.render(how.colours);
}

class errors_command : public command {
public:
    description describe() override {
        return {.name = "errors",
                .summary = "List what went wrong, errors of one kind together",
                .details =
                    "Errors that differ only in numbers, ids, paths and quoted text are one "
                    "group. Its name is for `kwq ls error:GROUP` and `kwq retry -q "
                    "error:GROUP`.",
                .options =
                    {{"-j,--job", "JOB", "Only of this job", &job_, {}},
                     {"--sort", "BY", "count or last; default: count", &sort_, {"count", "last"}},
                     {"-n,--limit", "N", "At most so many, 1 to 1000; default: 50", &limit_, {}},
                     {"--cursor", "CURSOR", "Go on where the page before ended", &cursor_, {}}},
                .arguments = {},
                .examples = {"kwq errors --job nightly"}};
    }

    outcome<exit_code> run(session* s) override {
        const std::string target =
            "/errors" + query_string({{"job", job_},
                                      {"sort", sort_},
                                      {"limit", std::to_string(limit_.value_or(50))},
                                      {"cursor", cursor_}});
        return show(*s, target, [&](const reply& r) {
            const auto next = text_field(r.root(), "next_cursor");
            if (!next.empty()) {
                s->say("There are more: --cursor " + next);
            }
            return errors_table(r.root(), look_now());
        });
    }

private:
    std::string job_, sort_, cursor_;
    std::optional<std::int64_t> limit_;
};

}  // namespace

std::unique_ptr<command> make_errors_command() {
    return std::make_unique<errors_command>();
}

}  // namespace kwq::cli
