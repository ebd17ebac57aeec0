// The tree of commands: every one has help, wrong lines exit 2 and say what was probably meant.
#include "cli/command_line.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace kwq::cli {

namespace {

/// Stands for `kwq serve`, which lives in the application.
class serve_stand_in : public command {
public:
    description describe() override {
        return {.name = "serve",
                .summary = "Run the server",
                .details = "",
                .options = {{"--port", "N", "Port", &port_, {}}},
                .arguments = {},
                .examples = {},
                .client = false};
    }
    outcome<exit_code> run(session*) override { return exit_code::ok; }

private:
    std::optional<std::string> port_;
};

parse_answer parsed(const std::vector<std::string>& arguments) {
    static std::vector<command_list> kept;  // what `chosen` points to
    kept.push_back(all_commands(std::make_unique<serve_stand_in>()));
    return parse(kept.back(), arguments);
}

std::vector<std::string> words(const std::string& name) {
    const auto space = name.find(' ');
    return space == std::string::npos
               ? std::vector<std::string>{name}
               : std::vector<std::string>{name.substr(0, space), name.substr(space + 1)};
}

}  // namespace

TEST_CASE("C9: every command has a name of its own, help and a one-line summary") {
    std::set<std::string> names;
    for (const auto& c : all_commands(std::make_unique<serve_stand_in>())) {
        const description d = c->describe();
        INFO(d.name);
        CHECK(names.insert(d.name).second);
        CHECK_FALSE(d.summary.empty());
        CHECK(d.summary.find('\n') == std::string::npos);
        CHECK_FALSE(d.summary.ends_with('.'));
        auto line = words(d.name);
        line.emplace_back("--help");
        const auto help = parsed(line);
        CHECK(help.code == 0);
        CHECK(help.chosen == nullptr);
        CHECK(help.output.find(d.summary) != std::string::npos);
        for (const option& o : d.options) {
            CHECK_FALSE(o.help.empty());
            CHECK(help.output.find(o.flags.substr(o.flags.rfind(',') + 1)) != std::string::npos);
        }
    }
    for (const char* name : {"submit", "info", "retry", "empty", "pause", "resume", "work", "task",
                             "job", "top", "cancel", "simulate", "dispatch", "queue add"}) {
        INFO(name);
        CHECK(names.count(name) == 1);
    }
}

TEST_CASE("a wrong line exits 2 and says what was probably meant") {
    const auto wrong = [](const std::vector<std::string>& line) {
        const auto answer = parsed(line);
        INFO(answer.error);
        CHECK(answer.chosen == nullptr);
        CHECK(answer.code == 2);
        CHECK(answer.error.starts_with("kwq: "));
        CHECK(answer.output.empty());
        return answer.error;
    };
    CHECK(wrong({"submti", "1"}).find("did you mean `submit`?") != std::string::npos);
    CHECK(wrong({"serve", "--prot", "80"}).find("did you mean `--port`?") != std::string::npos);
    CHECK(wrong({"submit", "1", "--priorty", "80"}).find("did you mean `--priority`?") !=
          std::string::npos);
    CHECK(wrong({"submit", "1", "--priority", "high"}).find("not a whole number") !=
          std::string::npos);
    CHECK(wrong({"pause", "--for", "soon"}).find("not a duration") != std::string::npos);
    CHECK(wrong({"task"}).find("TASK is missing") != std::string::npos);
    CHECK(wrong({"task", "a", "b"}).find("Try `kwq task --help`") != std::string::npos);
    CHECK(wrong({"task", "--", "a", "b"}).find("one argument too many") != std::string::npos);
    wrong({"queue"});
    wrong({"submit", "1", "--queue"});
    wrong({"--no-such-flag"});
    wrong({});
}

TEST_CASE("options that may be repeated take one value each") {
    const auto answer = parsed({"submit", "--tag", "a:1", "--tag", "b:2", "[1,2]"});
    INFO(answer.error);
    REQUIRE(answer.chosen != nullptr);
    const description d = answer.chosen->describe();
    for (const option& o : d.options) {
        if (o.flags == "-t,--tag") {
            CHECK(*std::get<std::vector<std::string>*>(o.to) ==
                  std::vector<std::string>{"a:1", "b:2"});
        }
    }
    CHECK(*std::get<std::optional<std::string>*>(d.arguments[0].to) == "[1,2]");
}

TEST_CASE("what stands behind -- is the task's command, untouched") {
    const auto answer =
        parsed({"work", "--queue", "q", "-c", "3", "--", "sh", "-c", "[ -f x ]", "--url", "[a,b]"});
    INFO(answer.error);
    REQUIRE(answer.chosen != nullptr);
    CHECK(*std::get<std::vector<std::string>*>(answer.chosen->describe().arguments[0].to) ==
          std::vector<std::string>{"sh", "-c", "[ -f x ]", "--url", "[a,b]"});
    CHECK(answer.client.url.empty());
}

TEST_CASE("client options stand on every command that talks to a server") {
    const auto answer =
        parsed({"jobs", "--url", "http://h:1", "--json", "--quiet", "--token-file", "t"});
    REQUIRE(answer.chosen != nullptr);
    CHECK(answer.client.url == "http://h:1");
    CHECK(answer.client.token_file == "t");
    CHECK(answer.client.json);
    CHECK(answer.client.quiet);
    CHECK(parsed({"queue", "add", "mail", "--url", "http://h:1"}).client.url == "http://h:1");
}

TEST_CASE("--version is the version command") {
    const auto answer = parsed({"--version"});
    REQUIRE(answer.chosen != nullptr);
    CHECK(answer.chosen->describe().name == "version");
}

}  // namespace kwq::cli
