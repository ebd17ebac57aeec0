// wire: the bodies that a worker sends and reads, as openapi/kwq.yaml has them. Text in, values
// out; nothing here talks. What is read is read leniently: fields this worker does not know are
// passed over, so that it works with a newer server.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "worker/lease.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::worker {

struct settlement {
    std::string token;
    report what;
};

struct take_request {
    std::string worker;
    std::vector<std::string> queues;
    std::vector<std::string> affinity;
    int max = 1;
    milliseconds wait{0};
    std::vector<settlement> settle;
};

/// What became of a report.
enum class verdict : std::uint8_t {
    settled,  // it counts, now or since before
    refused,  // the lease is not ours any more, or another outcome was first: nothing left to say
    again,    // nobody knows: repeat it, which is safe
};

enum class directive : std::uint8_t { run, drain, stop };

struct take_answer {
    std::vector<held_lease> leases;
    std::vector<std::pair<std::string, verdict>> settled;  // by token
    worker::directive directive = directive::run;
};

/// What a heartbeat says of one lease.
enum class beat : std::uint8_t { alive, cancel, lost };

struct wire_failure {
    std::string reason;
};
[[noreturn]] void throw_exception_from_error(const wire_failure& e,
                                             const boost::source_location& where);
template <class T>
using read_result = result_of<T, wire_failure>;

std::string write_take(const take_request& request);
read_result<take_answer> read_take(std::string body);

/// The last part of the path (`complete`, `error`, `release`) and the body.
std::string_view report_verb(const report& r);
std::string write_report(const report& r);

std::string write_heartbeats(const std::vector<std::string>& tokens);
read_result<std::vector<std::pair<std::string, beat>>> read_heartbeats(std::string body);

/// Whether a queue's counters say that nothing in it is left to do.
read_result<bool> read_queue_is_drained(std::string body);
read_result<bool> read_dispatch_is_stopped(std::string body);
/// Tokens of the leases that the server says a worker holds.
read_result<std::vector<std::string>> read_lease_tokens(std::string body);
/// `code` and `detail` of a problem, for the log.
std::string read_problem(std::string body);

}  // namespace kwq::worker
