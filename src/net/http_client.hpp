// http_client: one blocking keep-alive connection to one server, for the command line, the worker
// and tests. One thread at a time; a worker has one for each thread that talks.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::net {

struct client_config {
    std::string url = "http://127.0.0.1:8080";  // scheme http, host, port, optional base path
    std::string token;                          // sent as Authorization: Bearer when not empty
    std::chrono::milliseconds connect_timeout{5'000};
};

struct client_error {
    enum class kind {
        bad_url,
        not_connected,  // nothing was sent: certainly not done
        no_answer,      // sent, maybe in part: the outcome is unknown
        timeout,        // as no_answer
        bad_answer,     // not HTTP
    } what;
    std::string detail;
};

struct client_answer {
    int status = 0;
    std::string content_type;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
};

using client_result = result_of<client_answer, client_error>;
[[noreturn]] void throw_exception_from_error(const client_error& e,
                                             const boost::source_location& where);

class http_client {
public:
    using headers = std::vector<std::pair<std::string, std::string>>;

    virtual ~http_client() = default;

    /// `target` is below the url's base path and percent-encoded ("/kwq/v1/tasks?limit=5"). The
    /// whole exchange must be done within `timeout`. A connection that turns out to be closed
    /// before a byte of answer came is opened again once, if the method is GET or nothing of the
    /// request was sent; otherwise the error says so.
    virtual client_result request(std::string_view method, std::string_view target,
                                  std::string body, const headers& more,
                                  std::chrono::milliseconds timeout) = 0;

    /// As request(), and calls `on_line` for each line of the answer's body as it arrives; the body
    /// of the answer returned is then empty unless the status is not 2xx. `body` is sent while
    /// lines are read, so neither side waits for the other to finish.
    virtual client_result request_lines(std::string_view method, std::string_view target,
                                        std::string body, const headers& more,
                                        std::chrono::milliseconds timeout,
                                        const std::function<void(std::string_view)>& on_line) = 0;

    /// Ends a request() that blocks in another thread, or else the next one: it returns no_answer
    /// (not_connected while connecting). Any thread.
    virtual void abort() = 0;
};

std::unique_ptr<http_client> make_http_client(const client_config& config);

}  // namespace kwq::net
