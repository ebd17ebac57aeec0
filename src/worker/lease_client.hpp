// lease_client: the calls of a worker to the server, one blocking exchange each, over one
// connection. One thread at a time; a worker has one for each thread that talks.
#pragma once

#include "base/result.hpp"
#include "net/http_client.hpp"
#include "worker/wire.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kwq::worker {

/// Why there is no usable answer.
struct call_failure {
    std::string reason;
    bool refused = false;  // 4xx: the same request would be refused again
};
[[noreturn]] void throw_exception_from_error(const call_failure& e,
                                             const boost::source_location& where);
template <class T>
using call_result = result_of<T, call_failure>;

class lease_client {
public:
    explicit lease_client(const net::client_config& config);

    call_result<take_answer> take(const take_request& request);
    /// A lost answer is verdict::again: repeating a report is safe.
    verdict settle(const settlement& what);
    void report_running(const std::string& token);  // of no consequence if it fails
    call_result<std::vector<std::pair<std::string, beat>>> heartbeat(
        const std::vector<std::string>& tokens);

    /// True when none of the queues has a task that has not ended. An unknown queue has none.
    call_result<bool> queues_are_drained(const std::vector<std::string>& queues);
    call_result<bool> dispatch_is_stopped();
    call_result<std::vector<std::string>> leases_of(const std::string& worker);

    /// Any thread: ends a call that blocks; it fails.
    void abort() { http_->abort(); }

private:
    net::client_result post(const std::string& target, std::string body, milliseconds timeout);
    net::client_result get(const std::string& target);

    std::unique_ptr<net::http_client> http_;
};

}  // namespace kwq::worker
