// fake_server: a real HTTP server on a free port of the loopback that answers as a script says, and
// remembers what it was asked.
#pragma once

#include "net/http.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kwq::worker {

struct exchange {
    std::string target;  // "POST /kwq/v1/leases"
    std::string body;
};

class fake_server final : public net::request_handler {
public:
    /// Called under a lock, one request at a time.
    using script = std::function<net::response(const exchange&)>;

    explicit fake_server(script answer);
    ~fake_server() override;

    std::string url() const;
    /// All so far whose target begins with `prefix`.
    std::vector<exchange> asked(const std::string& prefix) const;

    admission admit(const net::request& head) override;
    void handle(net::request r, net::responder_ptr to) override;
    net::body_stream open_stream(net::request head, net::stream_responder_ptr to) override;
    net::response problem(int status, std::string_view code, std::string detail) override;

private:
    script answer_;
    mutable std::mutex mutex_;
    std::vector<exchange> asked_;  // under mutex_
    std::unique_ptr<net::server> server_;
};

}  // namespace kwq::worker
