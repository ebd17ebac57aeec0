// server_view: what a measurement asks the server about itself: what it has counted, what it costs.
#pragma once

#include "bench/load_pool.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kwq::bench {

struct server_cost {
    double memory_bytes = 0;  // resident
    double cpu_seconds = 0;   // user and system, since it started
};

class server_view {
public:
    /// Nothing below waits longer than `give_up`: it throws load_failure, as it does when the
    /// server refuses.
    server_view(const net::client_config& server, std::chrono::seconds give_up);

    /// As the process tells of itself in /metrics.
    server_cost cost();
    /// Tasks of all jobs that the tracker has counted as complete.
    std::size_t completed();
    void wait_completed(std::size_t at_least);
    /// The tracker has counted all that the log holds.
    void wait_tracked();
    /// It has done whatever it does in the background: less than a twentieth of a core for two
    /// seconds.
    void wait_quiet();
    void pause_job(std::string_view job);

private:
    std::string get(std::string_view target);
    load_clock::time_point deadline() const { return load_clock::now() + give_up_; }
    void rest(std::chrono::milliseconds time);

    load_pool& open();

    const net::client_config server_;
    const std::chrono::seconds give_up_;
    // Opened anew by each call: the server closes what was idle during a long load.
    std::optional<load_pool> pool_;
};

}  // namespace kwq::bench
