// connection_ledger: counts open connections, all and for each peer, for the limits and for a
// server that waits for the last one to end. Any thread.
#pragma once

#include "base/clock.hpp"
#include "net/http.hpp"

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace kwq::net {

class connection_ledger {
public:
    /// `config` must outlive it.
    explicit connection_ledger(const server_config& config) : config_(config) {}

    enum class verdict { admitted, server_full, peer_full };
    verdict enter(const std::string& peer);
    void leave(const std::string& peer);
    void wait_until_empty(milliseconds at_most);
    std::size_t open();

private:
    const server_config& config_;
    std::mutex mutex_;
    std::condition_variable empty_;
    std::size_t open_ = 0;
    std::map<std::string, std::size_t> by_peer_;
};

}  // namespace kwq::net
