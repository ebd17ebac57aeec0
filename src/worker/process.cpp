// See process.hpp. Between fork and exec the child only makes calls that are safe there: no memory
// is allocated, everything it needs was prepared before.
#include "worker/process.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kwq::worker {

namespace {

constexpr int cannot_exec = 127;

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    all.reserve(texts.size() + 1);
    for (auto& text : texts) {
        all.push_back(text.data());
    }
    all.push_back(nullptr);
    return all;
}

void close_if_open(int& fd) {
    if (fd >= 0) {
        close(fd);
        fd = -1;
    }
}

std::string reason_of(const char* what, int number) {
    std::array<char, 128> text{};
    return std::string(what) + ": " + strerror_r(number, text.data(), text.size());
}

}  // namespace

void throw_exception_from_error(const start_failure& e, const boost::source_location& /*where*/) {
    throw std::runtime_error(e.reason);
}

/// Both ends of the child's three streams, and a pipe that says whether exec worked.
struct process::pipes {
    std::array<int, 2> in{-1, -1};
    std::array<int, 2> out{-1, -1};
    std::array<int, 2> err{-1, -1};
    std::array<int, 2> exec{-1, -1};

    pipes() = default;
    pipes(const pipes&) = delete;
    pipes& operator=(const pipes&) = delete;
    ~pipes() {
        for (auto* pair : {&in, &out, &err, &exec}) {
            close_if_open((*pair)[0]);
            close_if_open((*pair)[1]);
        }
    }
    bool open() {
        return pipe2(in.data(), O_CLOEXEC) == 0 && pipe2(out.data(), O_CLOEXEC) == 0 &&
               pipe2(err.data(), O_CLOEXEC) == 0 && pipe2(exec.data(), O_CLOEXEC) == 0;
    }
    void close_child_ends() {
        for (int* fd : {&in[0], &out[1], &err[1], &exec[1]}) {
            close_if_open(*fd);
        }
    }
};

namespace {

struct child_plan {
    const char* path;
    char* const* arguments;
    char* const* environment;
    pid_t parent;
    int in, out, err, exec;
};

[[noreturn]] void become(const child_plan& plan) {
    setsid();
    // A worker that is killed takes its tasks along: they run again elsewhere.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != plan.parent) {
        _exit(cannot_exec);
    }
    struct sigaction normal {};
    normal.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) {
        sigaction(signal, &normal, nullptr);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    // dup2 onto itself would leave close-on-exec set; the pipes are never 0, 1 or 2 unless the
    // worker was started with those closed, so move them out of the way first.
    const int in = fcntl(plan.in, F_DUPFD_CLOEXEC, 3);
    const int out = fcntl(plan.out, F_DUPFD_CLOEXEC, 3);
    const int err = fcntl(plan.err, F_DUPFD_CLOEXEC, 3);
    const int exec = fcntl(plan.exec, F_DUPFD_CLOEXEC, 3);
    if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2) {
        // Sockets of the worker's libraries may not be close-on-exec.
        syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
        execve(plan.path, plan.arguments, plan.environment);
    }
    const int number = errno;
    [[maybe_unused]] const auto written = write(exec, &number, sizeof number);
    _exit(cannot_exec);
}

/// 0 once the program runs, else why it does not. Waits for exec, which is soon.
int exec_error(int fd) {
    int number = 0;
    ssize_t got = 0;
    do {
        got = read(fd, &number, sizeof number);
    } while (got < 0 && errno == EINTR);
    return got == static_cast<ssize_t>(sizeof number) ? number : 0;
}

}  // namespace

process::process(reactor& events, process_spec spec, callbacks calls)
    : events_(events),
      input_(std::move(spec.input)),
      output_limit_(spec.output_limit),
      calls_(std::move(calls)),
      log_([this](std::string_view line) { calls_.on_log_line(line); }) {}

result_of<std::unique_ptr<process>, start_failure> process::start(reactor& events,
                                                                  process_spec spec,
                                                                  callbacks calls) {
    pipes ends;
    if (!ends.open()) {
        return start_failure{reason_of("cannot make pipes", errno)};
    }
    auto arguments = pointers(spec.arguments);
    auto environment = pointers(spec.environment);
    const child_plan plan{spec.path.c_str(), arguments.data(), environment.data(), getpid(),
                          ends.in[0],        ends.out[1],      ends.err[1],        ends.exec[1]};
    const pid_t pid = fork();
    if (pid < 0) {
        return start_failure{reason_of("cannot fork", errno)};
    }
    if (pid == 0) {
        become(plan);
    }
    ends.close_child_ends();
    if (const int number = exec_error(ends.exec[0]); number != 0) {
        waitpid(pid, nullptr, 0);
        return start_failure{reason_of(("cannot run " + spec.path).c_str(), number)};
    }
    std::unique_ptr<process> started(new process(events, std::move(spec), std::move(calls)));
    started->adopt(ends, pid);
    return started;
}

void process::adopt(pipes& ends, pid_t pid) {
    pid_ = pid;
    pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    KWQ_ASSERT(pidfd_ >= 0);
    in_ = std::exchange(ends.in[1], -1);
    out_ = std::exchange(ends.out[0], -1);
    err_ = std::exchange(ends.err[0], -1);
    for (const int fd : {in_, out_, err_}) {
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    events_.watch(in_, reactor::interest::write, [this] { feed(); });
    events_.watch(out_, reactor::interest::read, [this] { read_output(); });
    events_.watch(err_, reactor::interest::read, [this] { read_log(); });
    events_.watch(pidfd_, reactor::interest::read, [this] { finish(); });
}

process::~process() {
    for (int* fd : {&in_, &out_, &err_, &pidfd_}) {
        close_fd(*fd);
    }
    if (pid_ > 0) {
        kill_group(SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
}

void process::kill_group(int signal) const {
    // The child is not reaped yet, so neither its number nor its group's can mean anyone else.
    if (pid_ > 0) {
        kill(-pid_, signal);
    }
}

void process::feed() {
    while (fed_ < input_.size()) {
        const auto wrote = write(in_, input_.data() + fed_, input_.size() - fed_);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0 && errno == EAGAIN) {
            return;
        }
        if (wrote < 0) {
            break;  // the child closed its stdin: its right
        }
        fed_ += static_cast<std::size_t>(wrote);
    }
    close_fd(in_);
}

/// Reads what is there, at most 256 KiB so that one child cannot hold the loop. False at the end.
bool process::read_some(int fd, std::string& into) const {
    std::array<char, 65'536> buffer;
    for (int rounds = 0; rounds < 4; ++rounds) {
        const auto got = read(fd, buffer.data(), buffer.size());
        if (got > 0) {
            into.append(buffer.data(), static_cast<std::size_t>(got));
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            return false;
        } else if (errno == EAGAIN) {
            return true;
        }
    }
    return true;
}

void process::read_output() {
    std::string bytes;
    const bool more = read_some(out_, bytes);
    const auto room = output_limit_ - end_.output.size();
    end_.output_cut = end_.output_cut || bytes.size() > room;
    end_.output.append(bytes, 0, std::min(room, bytes.size()));
    if (!more) {
        close_fd(out_);
    }
}

void process::read_log() {
    std::string bytes;
    const bool more = read_some(err_, bytes);
    log_.add(bytes);
    if (!more) {
        close_fd(err_);
    }
}

/// The child has ended and is not reaped. What it left behind in its group ends with it; a pipe
/// holds at most 64 KiB, so one more read of each takes all there is.
void process::finish() {
    kill_group(SIGKILL);
    if (out_ >= 0) {
        read_output();
    }
    if (err_ >= 0) {
        read_log();
    }
    log_.end();
    int status = 0;
    KWQ_ASSERT(waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    for (int* fd : {&in_, &out_, &err_, &pidfd_}) {
        close_fd(*fd);
    }
    end_.by_signal = WIFSIGNALED(status);
    end_.code = end_.by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    end_.log_tail = log_.tail();
    const auto on_end = std::move(calls_.on_end);
    on_end(std::move(end_));
}

void process::close_fd(int& fd) {
    if (fd >= 0) {
        events_.forget(fd);
        close_if_open(fd);
    }
}

std::optional<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
    }
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
    while (!rest.empty()) {
        const auto colon = rest.find(':');
        const auto folder = rest.substr(0, colon);
        const auto candidate = (folder.empty() ? "." : std::string(folder)) + "/" + name;
        if (access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
        rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    }
    return std::nullopt;
}

}  // namespace kwq::worker
