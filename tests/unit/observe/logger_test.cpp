// What a log line looks like, and that nothing in it can pretend to be another line.
#include "observe/logger.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <fstream>
#include <regex>
#include <vector>

using namespace kwq::observe;

namespace {

/// A file name in a directory of its own that goes with it.
class scratch_file {
public:
    std::string name() const { return directory_.file("kwq.log"); }
    std::vector<std::string> lines() const {
        std::ifstream file(name());
        std::vector<std::string> out;
        for (std::string line; std::getline(file, line);) {
            out.push_back(line);
        }
        return out;
    }

private:
    kwq::test::temporary_directory directory_;
};

std::string one_line(std::string_view message, std::initializer_list<log_field> fields) {
    std::vector<std::string> lines;
    const auto log =
        make_capturing_logger([&](level, std::string line) { lines.push_back(std::move(line)); });
    log->log(level::info, "scheduler", message, fields);
    REQUIRE(lines.size() == 1);
    return lines.front().substr(lines.front().find(' ') + 1);
}

}  // namespace

TEST_CASE("a line is time, level, module, message and fields") {
    scratch_file file;
    const auto log = make_logger({.file = file.name()});
    log->log(level::warn, "scheduler", "shard taken", {{"shard", "3"}, {"epoch", "17"}});
    REQUIRE(file.lines().size() == 1);
    const std::regex shape(
        R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warn scheduler shard taken shard=3 epoch=17)");
    CHECK(std::regex_match(file.lines().front(), shape));
}

TEST_CASE("values are quoted only when they must be") {
    CHECK(one_line("m", {{"k", "plain/value:1"}}) == "info scheduler m k=plain/value:1");
    CHECK(one_line("m", {{"k", "two words"}}) == R"(info scheduler m k="two words")");
    CHECK(one_line("m", {{"k", ""}}) == R"(info scheduler m k="")");
    CHECK(one_line("m", {{"k", "a=b"}}) == R"(info scheduler m k="a=b")");
    CHECK(one_line("m", {{"k", R"(say "hi" \)"}}) == R"(info scheduler m k="say \"hi\" \\")");
}

TEST_CASE("control characters are escaped in messages and values") {
    CHECK(one_line("a\nb", {}) == R"(info scheduler a\nb)");
    CHECK(one_line("a\r\x1b[31m", {}) == R"(info scheduler a\u000d\u001b[31m)");
    CHECK(one_line("m", {{"k", "x\ny"}}) == R"(info scheduler m k="x\ny")");
    CHECK(one_line("m", {{"k", std::string("\0", 1)}}) == R"(info scheduler m k="\u0000")");
}

TEST_CASE("a message with braces is not a format") {
    CHECK(one_line("{} {0} %v %d", {}) == "info scheduler {} {0} %v %d");
    scratch_file file;
    make_logger({.file = file.name()})->log(level::info, "m", "{} {0} %v");
    REQUIRE(file.lines().size() == 1);
    CHECK_THAT(file.lines().front(), Catch::EndsWith("info m {} {0} %v"));
}

TEST_CASE("what is below the level is not written") {
    scratch_file file;
    const auto log = make_logger({.at_least = level::warn, .file = file.name()});
    CHECK_FALSE(log->enabled(level::info));
    CHECK(log->enabled(level::error));
    log->log(level::info, "m", "no");
    log->log(level::error, "m", "yes");
    REQUIRE(file.lines().size() == 1);
    CHECK_THAT(file.lines().front(), Catch::Contains("error m yes"));
}

TEST_CASE("a line as JSON has the same parts") {
    scratch_file file;
    const auto log = make_logger({.json = true, .file = file.name()});
    log->log(level::info, "net", "say \"x\"\n", {{"peer", "1.2.3.4"}});
    REQUIRE(file.lines().size() == 1);
    const std::string line = file.lines().front();
    CHECK_THAT(line, Catch::StartsWith(R"({"time":")"));
    CHECK_THAT(line,
               Catch::EndsWith(
                   R"(","level":"info","module":"net","message":"say \"x\"\n","peer":"1.2.3.4"})"));
}

TEST_CASE("a log file that cannot be opened is said at the start") {
    scratch_file file;
    std::ofstream(file.name()) << "a file, not a directory";
    CHECK_THROWS(make_logger({.file = file.name() + "/kwq.log"}));
}

TEST_CASE("the null logger is never enabled") {
    const auto log = make_null_logger();
    CHECK_FALSE(log->enabled(level::error));
    CHECK_NOTHROW(log->log(level::error, "m", "nothing"));
}
