// See fake_server.hpp.
#include "fake_server.hpp"

#include <utility>

namespace kwq::worker {

fake_server::fake_server(script answer) : answer_(std::move(answer)) {
    net::server_config config;
    config.port = 0;
    server_ = net::start_server(config, *this);
}

fake_server::~fake_server() {
    server_->stop(std::chrono::milliseconds{100});
}

std::string fake_server::url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port());
}

std::vector<exchange> fake_server::asked(const std::string& prefix) const {
    const std::lock_guard lock(mutex_);
    std::vector<exchange> found;
    for (const auto& each : asked_) {
        if (each.target.compare(0, prefix.size(), prefix) == 0) {
            found.push_back(each);
        }
    }
    return found;
}

net::request_handler::admission fake_server::admit(const net::request& /*head*/) {
    admission a;
    a.max_body = 1U << 24U;
    return a;
}

void fake_server::handle(net::request r, net::responder_ptr to) {
    const std::lock_guard lock(mutex_);
    asked_.push_back({r.method + " " + r.target, r.body});
    to->send(answer_(asked_.back()));
}

net::body_stream fake_server::open_stream(net::request /*head*/, net::stream_responder_ptr to) {
    to->refuse({.status = 404});
    return {};
}

net::response fake_server::problem(int status, std::string_view code, std::string /*detail*/) {
    return {.status = status, .body = "{\"code\":\"" + std::string(code) + "\"}"};
}

}  // namespace kwq::worker
