// test_server: a server on a free port with a scripted handler, and short deadlines. Declare it
// after what the script refers to: the script may still be called while it goes.
#pragma once

#include "net/http.hpp"
#include "scripted_handler.hpp"

#include <chrono>
#include <memory>

namespace kwq::net {

inline server_config test_config() {
    server_config c;
    c.port = 0;
    c.max_header_bytes = 1'000;
    c.max_header_fields = 16;
    c.max_target_bytes = 200;
    return c;
}

struct test_server {
    explicit test_server(const server_config& config = test_config()) : config_(config) {}
    /// After the script is in place.
    std::uint16_t start() {
        server = start_server(config_, handler);
        return server->port();
    }

    scripted_handler handler;
    std::unique_ptr<class server> server;

private:
    const server_config config_;
};

}  // namespace kwq::net
