// See lease_client.hpp.
#include "worker/lease_client.hpp"

#include "net/http.hpp"

#include <stdexcept>
#include <utility>

namespace kwq::worker {

namespace {

constexpr milliseconds call_timeout{10'000};
constexpr int ok = 200;
constexpr int accepted = 202;
constexpr int bad_request = 400;
constexpr int not_found = 404;
constexpr int request_timeout = 408;
constexpr int too_many = 429;
constexpr int server_error = 500;

const std::string leases_path = "/kwq/v1/leases";

/// Nothing when the answer is a 200.
std::optional<call_failure> failure_of(const net::client_result& result) {
    if (result.has_error()) {
        return call_failure{.reason = result.error().detail};
    }
    const int status = result->status;
    if (status == ok) {
        return std::nullopt;
    }
    const bool for_now = status == request_timeout || status == too_many || status >= server_error;
    return call_failure{
        .reason = "status " + std::to_string(status) + " " + read_problem(result->body),
        .refused = status >= bad_request && !for_now};
}

template <class T>
call_result<T> read_as(net::client_result result, read_result<T> (*read)(std::string)) {
    if (auto failure = failure_of(result)) {
        return *std::move(failure);
    }
    auto value = read(std::move(result->body));
    if (value.has_error()) {
        return call_failure{.reason = value.error().reason};
    }
    return *std::move(value);
}

}  // namespace

void throw_exception_from_error(const call_failure& e, const boost::source_location& /*where*/) {
    throw std::runtime_error(e.reason);
}

lease_client::lease_client(const net::client_config& config)
    : http_(net::make_http_client(config)) {}

net::client_result lease_client::post(const std::string& target, std::string body,
                                      milliseconds timeout) {
    return http_->request("POST", target, std::move(body), {{"Content-Type", "application/json"}},
                          timeout);
}

net::client_result lease_client::get(const std::string& target) {
    return http_->request("GET", target, "", {}, call_timeout);
}

call_result<take_answer> lease_client::take(const take_request& request) {
    return read_as(post(leases_path, write_take(request), request.wait + call_timeout), read_take);
}

verdict lease_client::settle(const settlement& what) {
    const auto target = leases_path + "/" + net::percent_encode(what.token) + "/" +
                        std::string(report_verb(what.what));
    const auto result = post(target, write_report(what.what), call_timeout);
    if (!result.has_error() && result->status == accepted) {
        return verdict::again;  // taken, no verdict yet: repeating gives it
    }
    const auto failure = failure_of(result);
    if (!failure) {
        return verdict::settled;
    }
    return failure->refused ? verdict::refused : verdict::again;
}

void lease_client::report_running(const std::string& token) {
    post(leases_path + "/" + net::percent_encode(token) + "/running", "{}", call_timeout);
}

call_result<std::vector<std::pair<std::string, beat>>> lease_client::heartbeat(
    const std::vector<std::string>& tokens) {
    return read_as(post(leases_path + "/heartbeat", write_heartbeats(tokens), call_timeout),
                   read_heartbeats);
}

call_result<bool> lease_client::queues_are_drained(const std::vector<std::string>& queues) {
    for (const auto& queue : queues) {
        auto result = get("/kwq/v1/queues/" + net::percent_encode(queue));
        if (!result.has_error() && result->status == not_found) {
            continue;
        }
        auto drained = read_as(std::move(result), read_queue_is_drained);
        if (drained.has_error() || !*drained) {
            return drained;
        }
    }
    return true;
}

call_result<bool> lease_client::dispatch_is_stopped() {
    return read_as(get("/kwq/v1/dispatch"), read_dispatch_is_stopped);
}

call_result<std::vector<std::string>> lease_client::leases_of(const std::string& worker) {
    return read_as(get(leases_path + "?worker=" + net::percent_encode(worker)), read_lease_tokens);
}

}  // namespace kwq::worker
