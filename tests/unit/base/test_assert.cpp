// Assertions stay on in release.
#include "base/assert.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace kwq {

namespace {

struct child_end {
    int status = 0;
    std::string said;
};

/// Runs `body` in a child of this process, its standard error into a pipe.
template <class Body>
child_end in_child(Body body) {
    int ends[2] = {-1, -1};
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    close(ends[1]);
    child_end end;
    char buffer[256];
    for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;) {
        end.said.append(buffer, static_cast<std::size_t>(got));
    }
    close(ends[0]);
    REQUIRE(waitpid(child, &end.status, 0) == child);
    return end;
}

}  // namespace

TEST_CASE("an assertion that holds says nothing and evaluates once") {
    int evaluated = 0;
    KWQ_ASSERT(++evaluated == 1);
    CHECK(evaluated == 1);
}

TEST_CASE("an assertion that fails says where and aborts, in release too") {
    const auto end = in_child([] { KWQ_ASSERT(1 + 1 == 3); });
    REQUIRE(WIFSIGNALED(end.status));
    CHECK(WTERMSIG(end.status) == SIGABRT);
    CHECK(end.said.find("assertion failed: 1 + 1 == 3") != std::string::npos);
    CHECK(end.said.find("test_assert.cpp:") != std::string::npos);
}

}  // namespace kwq
