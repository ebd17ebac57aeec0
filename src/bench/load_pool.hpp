// load_pool: keep-alive connections to one server, driven by one thread, each with at most one
// request out. Two system calls a request, so that the load costs the server's machine little.
#pragma once

#include "bench/durations.hpp"
#include "net/http_client.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::bench {

using load_clock = std::chrono::steady_clock;

/// The server cannot be reached, or went away, or does not speak HTTP.
class load_failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct load_answer {
    std::size_t connection = 0;
    int status = 0;
    std::string_view body;  // until the handler returns
    nanoseconds took{0};    // from handing the request to the kernel to its last byte
};

class load_pool {
public:
    using answer_handler = std::function<void(const load_answer&)>;

    /// Connects so many, again when the server closes one that is idle. Throws load_failure.
    load_pool(const net::client_config& server, std::size_t connections);
    ~load_pool();
    load_pool(const load_pool&) = delete;
    load_pool& operator=(const load_pool&) = delete;

    std::size_t size() const { return connections_.size(); }
    bool is_idle(std::size_t connection) const;
    std::size_t busy() const { return busy_; }

    /// POSTs on an idle connection; `target` is below the server's base path.
    void post(std::size_t connection, std::string_view target, std::string_view body);
    void get(std::size_t connection, std::string_view target);
    /// Waits until something happens or `until` has come, and hands on the answers that are whole.
    /// The handler may send on the connection that was answered. Throws load_failure.
    void wait(load_clock::time_point until, const answer_handler& on_answer);

    struct kept_answer {
        int status = 0;
        std::string body;
    };
    /// Waits for the answer of the one connection that is busy. Throws load_failure when it has
    /// not come by `until`.
    kept_answer answer_of(std::size_t connection, load_clock::time_point until);

private:
    struct connection;

    void connect(connection& c);
    void send(connection& c, std::string_view method, std::string_view target,
              std::string_view body);
    void flush(connection& c);
    void receive(connection& c, const answer_handler& on_answer);

    const net::client_config server_;
    std::string host_, port_, base_;
    std::string fields_;  // the head's fields that never change
    std::vector<std::unique_ptr<connection>> connections_;
    std::vector<char> input_;
    std::size_t busy_ = 0;
    int epoll_ = -1;
};

}  // namespace kwq::bench
