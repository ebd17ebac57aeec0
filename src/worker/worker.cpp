// See worker.hpp.
#include "worker/worker.hpp"

#include "base/random.hpp"
#include "model/ids.hpp"
#include "worker/process.hpp"
#include "worker/worker_loop.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <utility>

#include <sys/signalfd.h>
#include <unistd.h>

namespace kwq::worker {

namespace {

constexpr int most_tasks = 1'000;
constexpr milliseconds longest_poll{30'000};

/// SIGTERM and SIGINT as a file descriptor, for this thread and those it starts; SIGPIPE ignored,
/// as a command may close its stdin. Put back as it was in the end.
class signals {
public:
    signals() {
        sigset_t stops;
        sigemptyset(&stops);
        sigaddset(&stops, SIGTERM);
        sigaddset(&stops, SIGINT);
        pthread_sigmask(SIG_BLOCK, &stops, &mask_before_);
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &ignore, &pipe_before_);
        fd_ = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    ~signals() {
        close(fd_);
        sigaction(SIGPIPE, &pipe_before_, nullptr);
        pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
    }
    signals(const signals&) = delete;
    signals& operator=(const signals&) = delete;

    int fd() const { return fd_; }
    bool take_one() const {
        signalfd_siginfo info{};
        return read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info);
    }

private:
    int fd_ = -1;
    sigset_t mask_before_{};
    struct sigaction pipe_before_ {};
};

}  // namespace

std::string check_config(const worker_config& config) {
    if (config.command.empty() || config.command.front().empty()) {
        return "no command to run: kwq work --queue q -- COMMAND [ARGUMENT...]";
    }
    if (config.queues.empty()) {
        return "no queue to serve";
    }
    for (const auto& queue : config.queues) {
        if (!model::valid_queue(queue)) {
            return "not a queue name: " + queue;
        }
    }
    if (!config.name.empty() && !model::valid_label(config.name)) {
        return "not a worker name: 1 to 200 bytes of UTF-8 without control characters";
    }
    if (config.concurrency < 1 || config.concurrency > most_tasks) {
        return "concurrency must be 1 to " + std::to_string(most_tasks);
    }
    if (config.poll_wait < milliseconds{0} || config.poll_wait > longest_poll) {
        return "a poll waits 0 to 30 seconds";
    }
    return {};
}

worker_end run_worker(const worker_config& config, observe::logger& logger,
                      std::ostream& task_log) {
    std::string wrong = check_config(config);
    std::optional<std::string> program;
    if (wrong.empty()) {
        program = find_program(config.command.front());
        wrong = program ? "" : "command not found: " + config.command.front();
    }
    if (!wrong.empty()) {
        logger.log(observe::level::error, "worker", wrong);
        return worker_end::cannot_start;
    }
    const signals stops;
    const auto random = make_system_random();
    worker_loop loop(
        config, *std::move(program),
        {.time = system_clock(), .random = *random, .logger = logger, .task_log = task_log});
    loop.events().watch(stops.fd(), reactor::interest::read, [&] {
        if (stops.take_one()) {
            loop.on_signal();
        }
    });
    return loop.run();
}

}  // namespace kwq::worker
