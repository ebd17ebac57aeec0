// What the embedded log keeps when its process is killed, and that it is one process's alone. The
// appending process is a real one (appender.cpp) and dies by SIGKILL.
#include "log_fixtures.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdio>
#include <map>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace kwq;
using namespace kwq::eventlog;
using namespace kwq::eventlog::contract;

namespace {

/// The appending process and what it says.
class appender {
public:
    explicit appender(const std::string& directory) {
        std::array<int, 2> ends{};
        REQUIRE(pipe(ends.data()) == 0);
        child_ = fork();
        REQUIRE(child_ >= 0);
        if (child_ == 0) {
            dup2(ends[1], STDOUT_FILENO);
            close(ends[0]);
            close(ends[1]);
            execl(KWQ_CONTRACT_APPENDER, "contract_appender", directory.c_str(), nullptr);
            _exit(127);
        }
        close(ends[1]);
        said_ = fdopen(ends[0], "r");
        REQUIRE(said_ != nullptr);
    }
    ~appender() {
        if (child_ > 0) {
            kill_now();
        }
        fclose(said_);
    }
    appender(const appender&) = delete;
    appender& operator=(const appender&) = delete;

    /// The next line, without its end; empty when there is none.
    std::string line() {
        std::array<char, 64> buffer{};
        if (fgets(buffer.data(), buffer.size(), said_) == nullptr) {
            return {};
        }
        std::string text(buffer.data());
        text.pop_back();
        return text;
    }

    void kill_now() {
        kill(child_, SIGKILL);
        int status = 0;
        REQUIRE(waitpid(child_, &status, 0) == child_);
        REQUIRE(WIFSIGNALED(status));  // it must not have ended by itself
        child_ = -1;
    }

private:
    pid_t child_ = -1;
    FILE* said_ = nullptr;
};

using ends = std::map<int, std::int64_t>;

void note_answer(ends& answered, const std::string& line) {
    int partition = 0;
    long last = 0;
    REQUIRE(sscanf(line.c_str(), "%d %ld", &partition, &last) == 2);
    answered[partition] = std::max<std::int64_t>(answered[partition], last);
}

}  // namespace

TEST_CASE("kill -9 takes nothing that was answered, synced or ordered, and leaves no hole") {
    const scratch_directory directory;
    ends answered{{0, -1}, {1, -1}};
    for (int round = 0; round < 8; ++round) {
        {
            appender child(directory.path());
            REQUIRE(child.line() == "open");
            for (int i = 0; i < 150 + 37 * round; ++i) {
                note_answer(answered, child.line());
            }
            child.kill_now();
            for (auto rest = child.line(); !rest.empty(); rest = child.line()) {
                note_answer(answered, rest);
            }
        }
        const auto log = open_embedded_log({.directory = directory.path(), .time = system_clock()});
        for (const auto& [partition, last] : answered) {
            const topic_partition where{"t", partition};
            const auto values = read_values(*log, where);
            CHECK(log->range(where).value().end ==
                  offset{static_cast<std::int64_t>(values.size())});
            REQUIRE(static_cast<std::int64_t>(values.size()) > last);
            for (std::size_t i = 0; i < values.size(); ++i) {
                REQUIRE(values[i] == std::to_string(partition) + " " + std::to_string(i));
            }
        }
    }
}

TEST_CASE("a directory that another process has open is refused with a sentence that says so") {
    const scratch_directory directory;
    const embedded_config config{.directory = directory.path(), .time = system_clock()};
    {
        appender child(directory.path());
        REQUIRE(child.line() == "open");
        try {
            open_embedded_log(config);
            FAIL("opened twice");
        } catch (const log_failure& e) {
            CHECK(e.error().code == errc::cannot_open);
            CHECK_THAT(e.what(), Catch::Contains(directory.path()) &&
                                     Catch::Contains("in use by another server"));
        }
    }
    CHECK(open_embedded_log(config) != nullptr);  // once that one is dead
}

TEST_CASE("a directory open in this process is refused too, and one that cannot be made") {
    const scratch_directory directory;
    const embedded_config config{.directory = directory.path(), .time = system_clock()};
    const auto log = open_embedded_log(config);
    CHECK_THROWS_AS(open_embedded_log(config), log_failure);
    const embedded_config impossible{.directory = "/proc/nowhere/log", .time = system_clock()};
    try {
        open_embedded_log(impossible);
        FAIL("opened where nothing can be");
    } catch (const log_failure& e) {
        CHECK(e.error().code == errc::cannot_open);
        CHECK_THAT(e.what(), Catch::Contains("/proc/nowhere/log"));
    }
}
