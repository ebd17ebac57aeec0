// `kwq submit`: one task from the command line, or many from a file of lines.
#include "cli/bulk_submit.hpp"
#include "cli/command.hpp"
#include "cli/fields.hpp"
#include "cli/patience.hpp"
#include "cli/quantity.hpp"
#include "cli/requests.hpp"
#include "cli/task_fields.hpp"
#include "cli/terminal.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

namespace kwq::cli {

namespace {

outcome<std::string> read_all(const std::string& path) {
    std::ifstream file;
    if (path != "-") {
        file.open(path, std::ios::binary);
        if (!file) {
            return failure{exit_code::error, path + " cannot be read"};
        }
    }
    std::istream& in = path == "-" ? std::cin : file;
    return std::string(std::istreambuf_iterator<char>(in), {});
}

class submit_command : public command {
public:
    description describe() override {
        auto options = task_options(fields_);
        options.push_back(
            {"--payload", "JSON", "The payload, instead of the argument", &payload_, {}});
        options.push_back({"--text", "", "The payload is text, not JSON", &text_, {}});
        options.push_back({"--idempotency-key",
                           "KEY",
                           "The same key and task again submit nothing twice",
                           &key_,
                           {}});
        options.push_back({"-w,--wait", "", "Wait for its end and print its result", &wait_, {}});
        options.push_back({"--for", "TIME", "With --wait: give up after this long", &most_, {}});
        options.push_back({"--retry", "", "Try again until the server is back", &retry_, {}});
        options.push_back({"-f,--file",
                           "FILE",
                           "Submit each line of FILE, a task as JSON; -: standard input",
                           &file_,
                           {"file"}});
        options.push_back(
            {"--resume", "", "With --file: go on where the last run stopped", &resume_, {}});
        return {.name = "submit",
                .summary = "Submit a task, or a file of them",
                .details =
                    "With --file each line is a task as the API takes it: "
                    "{\"payload\": …, \"priority\": 7}. What is given by options fills in what a "
                    "line leaves out. A bad line fails alone and is named; the exit code is then "
                    "6. Lines without an id get one made from the file and the line, so submitting "
                    "the same file again adds nothing. How far it came is kept in "
                    "FILE.kwq-progress until all of it is submitted: --resume goes on from there.",
                .options = std::move(options),
                .arguments = {{"PAYLOAD",
                               "JSON, @FILE to read it, or - for standard input",
                               false,
                               &argument_,
                               {"file"}}},
                .examples = {"kwq submit '{\"n\": 7}' --priority 9 --tag customer:7 --wait",
                             "kwq submit --text hello", "kwq submit --file tasks.ndjson --resume"}};
    }

    outcome<exit_code> run(session* s) override {
        if (argument_ && payload_) {
            return usage_failure("give the payload once: as the argument or with --payload");
        }
        payload_ = argument_ ? argument_ : payload_;
        if (file_.has_value() == payload_.has_value()) {
            return usage_failure("give a payload or a --file of tasks");
        }
        if (file_ && (wait_ || key_ || text_)) {
            return usage_failure("--wait, --text and --idempotency-key are for one task");
        }
        if (!file_ && resume_) {
            return usage_failure("--resume is for --file");
        }
        catch_interrupts();
        return file_ ? submit_file(*s) : submit_one(*s);
    }

private:
    outcome<exit_code> submit_file(session& s) {
        const auto fields = json_fields(fields_, system_clock().wall(), true);
        if (!fields) {
            return fields.error();
        }
        return bulk_submit(s,
                           {.file = *file_, .fields = *fields, .resume = resume_, .retry = retry_});
    }

    outcome<std::string> payload_json() const {
        std::string text = *payload_;
        if (text == "-" || text.starts_with('@')) {
            auto read = read_all(text == "-" ? text : text.substr(1));
            if (!read) {
                return read.error();
            }
            text = *read;
        }
        if (text_) {
            return json_string(text);
        }
        if (const auto ok = codec::check_json(text); !ok) {
            return usage_failure("the payload is not JSON: " + ok.error().detail +
                                 " (--text takes it as text)");
        }
        return text;
    }

    outcome<exit_code> submit_one(session& s) {
        const auto payload = payload_json();
        if (!payload) {
            return payload.error();
        }
        const auto body = task_json(fields_, *payload, system_clock().wall());
        if (!body) {
            return body.error();
        }
        // With a key of its own the request may be repeated when its answer was lost.
        const call post{.method = "POST",
                        .target = "/tasks",
                        .body = *body,
                        .idempotency_key = key_ ? *key_ : random_hex()};
        const auto once = [&] { return s.ask(post); };
        const auto answer = retry_ ? with_patience<reply>(s, once) : once();
        if (!answer) {
            return answer.error();
        }
        const auto id = text_field(answer->root(), "id");
        if (flag_field(answer->root(), "clamped")) {
            s.say("kwq: the priority is outside the queue's and became " +
                  std::to_string(integer_field(answer->root(), "priority")));
        }
        if (wait_) {
            return wait_for_end(s, id, text_field(answer->root(), "position"));
        }
        if (s.json()) {
            s.print_json(*answer);
        } else {
            s.print(id + "\n");
        }
        return exit_code::ok;
    }

    outcome<exit_code> wait_for_end(session& s, const std::string& id,
                                    const std::string& position) {
        s.say(id);
        const auto answer = follow(
            s, {.target = "/tasks/" + segment(id) + query_string({{"after", position}}),
                .wait = "until=terminal",
                .most = most_,
                .ended = [](const auto& t) { return instant_field(t, "ended_at").has_value(); },
                .on_look = {}});
        if (!answer) {
            return answer.error();
        }
        const auto state = text_field(answer->root(), "state");
        const auto* result = answer->root().find("result");
        if (s.json()) {
            s.print_json(*answer);
        } else if (result != nullptr) {
            s.print(std::string(result->raw()) + "\n");
        }
        if (state == "complete") {
            return exit_code::ok;
        }
        const auto error = text_field(answer->root(), "error");
        return failure{exit_code::error,
                       "task " + id + " ended in " + state + (error.empty() ? "" : ": " + error)};
    }

    task_fields fields_;
    std::optional<std::string> argument_, payload_, file_, key_;
    std::optional<milliseconds> most_;
    bool text_ = false, wait_ = false, retry_ = false, resume_ = false;
};

}  // namespace

std::unique_ptr<command> make_submit_command() {
    return std::make_unique<submit_command>();
}

}  // namespace kwq::cli
