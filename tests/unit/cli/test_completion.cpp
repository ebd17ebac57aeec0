// Completion scripts, manual page and docs/cli.md: made from, or checked against, the same tree.
#include "cli/command_line.hpp"
#include "cli/completion.hpp"
#include "cli/man_page.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <sstream>

namespace kwq::cli {

namespace {

std::vector<description> tree() {
    static command_list commands = [] {
        command_list all = all_commands(make_version_command());  // serve is the application's
        all.erase(all.begin());
        return all;
    }();
    static const auto completion = make_completion_command(commands);
    static const auto man = make_man_command(commands);
    std::vector<description> out;
    for (const auto& c : commands) {
        out.push_back(c->describe());
    }
    out.push_back(completion->describe());
    out.push_back(man->describe());
    return out;
}

std::string long_flag(const option& o) {
    return o.flags.substr(o.flags.rfind(',') + 1);
}

}  // namespace

TEST_CASE("completion of every shell offers each command and each of its options") {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const std::string script = completion_script(shell, tree());
        for (const description& d : tree()) {
            INFO(shell << " " << d.name);
            CHECK(script.find(d.name.substr(0, d.name.find(' '))) != std::string::npos);
            for (const option& o : d.options) {
                INFO(o.flags);
                const bool fish = std::string(shell) == "fish";
                const std::string flag = fish ? "-l " + long_flag(o).substr(2) : long_flag(o);
                CHECK(script.find(flag) != std::string::npos);
            }
        }
    }
    CHECK(completion_script("tcsh", tree()).empty());
}

TEST_CASE("bash takes its completion script and completes with it") {
    const test::temporary_directory dir;
    const auto script = dir.write("kwq.bash", completion_script("bash", tree()));
    const auto answer = dir.file("answer");
    const std::string ask = "bash -c '. \"" + script +
                            "\"; COMP_WORDS=(kwq submit --pr); COMP_CWORD=2; _kwq; "
                            "echo \"${COMPREPLY[*]}\"; COMP_WORDS=(kwq queue a); _kwq; "
                            "echo \"${COMPREPLY[*]}\"; COMP_WORDS=(kwq tasks --state p); "
                            "COMP_CWORD=3; _kwq; echo \"${COMPREPLY[*]}\"' > '" +
                            answer + "' 2>&1";
    REQUIRE(std::system(ask.c_str()) == 0);  // NOLINT(cert-env33-c): the shell is what is tested
    CHECK(test::read_text(answer) == "--priority\nadd\npending\n");
}

namespace {

/// A plain `-` may be shown as a dash.
std::string with_roff_hyphens(std::string text) {
    for (auto at = text.find('-'); at != std::string::npos; at = text.find('-', at + 2)) {
        text.insert(at, 1, '\\');
    }
    return text;
}

}  // namespace

TEST_CASE("the manual page has every command, option and exit code, and no stray roff") {
    const std::string page = man_page(tree());
    CHECK(page.starts_with(".TH KWQ 1"));
    for (const description& d : tree()) {
        INFO(d.name);
        CHECK(page.find(".SS \\fBkwq " + with_roff_hyphens(d.name)) != std::string::npos);
    }
    for (const char* code :
         {"\n0\n", "\n1\n", "\n2\n", "\n3\n", "\n4\n", "\n5\n", "\n6\n", "\n130\n"}) {
        CHECK(page.find(std::string(".TP") + code) != std::string::npos);
    }
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(std::all_of(line.begin(), line.end(), [](char c) { return c > 0; }));  // ASCII
        const bool request = line.starts_with('.');
        CHECK((!request || (line.size() > 2 && std::isupper(line[1]) != 0) || line == ".nf" ||
               line == ".fi"));
    }
}

TEST_CASE("docs/cli.md has every command and every option") {
    const std::string page = test::read_text(KWQ_CLI_PAGE);
    for (const description& d : tree()) {
        INFO(d.name);
        CHECK(page.find("kwq " + d.name) != std::string::npos);
        for (const option& o : d.options) {
            INFO(o.flags);
            CHECK(page.find("`" + long_flag(o)) != std::string::npos);
        }
    }
}

}  // namespace kwq::cli
