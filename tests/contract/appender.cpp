// A process that appends until it is killed: `contract_appender DIRECTORY`. It says `open` when it
// has the log, then one line `PARTITION OFFSET` for each append that was answered. The record at
// offset n of a partition holds `PARTITION n`, so that its reader knows what must be there.
#include "base/clock.hpp"
#include "eventlog/embedded/embedded_log.hpp"

#include <cstdio>
#include <semaphore>

#include <unistd.h>

using namespace kwq;
using namespace kwq::eventlog;

namespace {

constexpr int partitions = 2;
constexpr std::ptrdiff_t in_flight = 64;

void say(const std::string& line) {
    // One write for each line: it is in the pipe whole or not at all.
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) {
        ::_exit(1);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        return 1;
    }
    auto log = open_embedded_log({.directory = argv[1], .time = system_clock()});
    log->ensure_topic("t", partitions).value();
    say("open\n");
    std::counting_semaphore<> room(in_flight);
    std::int64_t next[partitions];
    for (int p = 0; p < partitions; ++p) {
        next[p] = log->range({"t", p}).value().end.value();
    }
    for (unsigned n = 0;; ++n) {
        const int p = static_cast<int>(n % partitions);
        const auto prefix = std::to_string(p) + " ";
        std::vector<new_record> batch;
        for (unsigned i = 0; i <= n % 3; ++i) {
            batch.push_back(
                {.key = {}, .value = prefix + std::to_string(next[p]++), .headers = {}});
        }
        const std::int64_t last = next[p] - 1;
        room.acquire();
        log->append({"t", p}, std::move(batch),
                    n % 4 == 0 ? durability::synced : durability::ordered,
                    [&room, prefix, last](const result<offset>& r) {
                        r.value();
                        say(prefix + std::to_string(last) + "\n");
                        room.release();
                    });
    }
}
