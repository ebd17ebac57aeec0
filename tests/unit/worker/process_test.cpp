// The process runner, against real children. Each test waits for events, never for time to pass.
#include "worker/process.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace kwq::worker {
namespace {

struct finished {
    process_end end;
    std::vector<std::string> log;
};

/// Runs `sh -c script` to its end; `while_running` may meddle once the child has written a line.
finished run(const std::string& script, std::string input = "",
             const std::function<void(process&, std::string_view)>& on_line = {}) {
    signal(SIGPIPE, SIG_IGN);
    reactor events(system_clock());
    finished result;
    std::optional<process_end> ended;
    std::unique_ptr<process> child;
    auto started = process::start(events,
                                  {.path = "/bin/sh",
                                   .arguments = {"sh", "-c", script},
                                   .environment = {"PATH=/usr/bin:/bin"},
                                   .input = std::move(input)},
                                  {.on_log_line =
                                       [&](std::string_view line) {
                                           result.log.emplace_back(line);
                                           if (on_line) {
                                               on_line(*child, line);
                                           }
                                       },
                                   .on_end = [&](process_end end) { ended = std::move(end); }});
    REQUIRE(started.has_value());
    child = *std::move(started);
    while (!ended) {
        events.wait(std::nullopt);
    }
    result.end = *std::move(ended);
    return result;
}

/// Gone, or a zombie whose parent has not looked yet.
bool is_alive(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string number;
    std::string name;
    std::string state;
    return static_cast<bool>(stat >> number >> name >> state) && state != "Z" && state != "X";
}

TEST_CASE("a child's exit code and output are kept") {
    const auto r = run("printf hello; exit 3");
    CHECK_FALSE(r.end.by_signal);
    CHECK(r.end.code == 3);
    CHECK(r.end.output == "hello");
    CHECK_FALSE(r.end.output_cut);
}

TEST_CASE("a child that a signal ended says which") {
    const auto r = run("kill -SEGV $$");
    CHECK(r.end.by_signal);
    CHECK(r.end.code == SIGSEGV);
}

TEST_CASE("input larger than a pipe reaches a child that reads it") {
    const std::string input(1'000'000, 'x');
    const auto r = run("wc -c", input);
    CHECK(r.end.code == 0);
    CHECK(std::stoul(r.end.output) == input.size());
}

TEST_CASE("a child may ignore an input larger than a pipe") {
    const auto r = run("exit 0", std::string(1'000'000, 'x'));
    CHECK(r.end.code == 0);
}

TEST_CASE("output up to the limit is whole, beyond it is cut and still drained") {
    CHECK(run("head -c 65536 /dev/zero").end.output.size() == 65'536);
    CHECK_FALSE(run("head -c 65536 /dev/zero").end.output_cut);
    const auto big = run("head -c 3000000 /dev/zero");
    CHECK(big.end.output.size() == 65'536);
    CHECK(big.end.output_cut);
    CHECK(big.end.code == 0);
}

TEST_CASE("binary output is kept byte for byte") {
    CHECK(run("printf '\\000\\377\\n\\001'").end.output == std::string("\0\xFF\n\1", 4));
}

TEST_CASE("stderr comes line by line, with what has no newline last, and its end is remembered") {
    const auto r = run("echo one >&2; echo two >&2; printf three >&2");
    CHECK(r.log == std::vector<std::string>{"one", "two", "three"});
    CHECK(r.end.log_tail == "one\ntwo\nthree");
    const auto long_log = run("head -c 100000 /dev/zero | tr '\\0' a >&2; echo end >&2");
    CHECK(long_log.end.log_tail.size() == line_reader::tail_bytes);
    CHECK(long_log.end.log_tail.substr(long_log.end.log_tail.size() - 5) == "aend\n");
}

TEST_CASE("killing the group ends the child and its grandchild") {
    pid_t grandchild = 0;
    const auto r =
        run("sleep 1000 & echo $! >&2; wait", "", [&](process& child, std::string_view line) {
            grandchild = std::stoi(std::string(line));
            CHECK(is_alive(grandchild));
            child.kill_group(SIGTERM);
        });
    CHECK(r.end.by_signal);
    CHECK(r.end.code == SIGTERM);
    REQUIRE(grandchild > 0);
    while (is_alive(grandchild)) {  // the kernel takes a moment; a hang fails by the time limit
    }
    CHECK_FALSE(is_alive(grandchild));
}

TEST_CASE("what a child leaves running ends with it, and does not hold its end up") {
    const auto r = run("sleep 1000 & echo $!");
    CHECK(r.end.code == 0);
    const auto left = static_cast<pid_t>(std::stoi(r.end.output));
    while (is_alive(left)) {
    }
    CHECK_FALSE(is_alive(left));
}

TEST_CASE("a child gets its own session, default signals and no descriptor but three") {
    const int leaked = dup(1);  // not close-on-exec, as a library's socket may be
    const auto r =
        run("ps -o sid= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat; echo $$; "
            "ls /proc/self/fd | wc -l; grep SigIgn /proc/self/status");
    close(leaked);
    std::istringstream words(r.end.output);
    long session = 0;
    long pid = 0;
    int descriptors = 0;
    std::string label;
    std::string ignored;
    words >> session >> pid >> descriptors >> label >> ignored;
    CHECK(session == pid);
    CHECK(descriptors == 4);  // and the one that ls reads the folder by
    // 32 and 33 are the C library's own, out of reach of programs; make's children inherit them
    // ignored.
    constexpr std::uint64_t of_the_library = 0x1'8000'0000;
    REQUIRE(ignored.size() == 16);
    CHECK((std::stoull(ignored, nullptr, 16) & ~of_the_library) == 0);
}

TEST_CASE("a program that cannot be run is a reason, not an end") {
    reactor events(system_clock());
    const auto started = process::start(events, {.path = "/nonexistent", .arguments = {"x"}}, {});
    REQUIRE(started.has_error());
    CHECK(started.error().reason.find("/nonexistent") != std::string::npos);
}

TEST_CASE("programs are found by PATH, or by a path as it is") {
    CHECK(find_program("sh").has_value());
    CHECK(find_program("/bin/sh") == "/bin/sh");
    CHECK_FALSE(find_program("no-such-program-here").has_value());
    CHECK_FALSE(find_program("/bin/no-such-program-here").has_value());
}

}  // namespace
}  // namespace kwq::worker
