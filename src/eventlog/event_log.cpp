// The size of records, names of the log's errors, and the exception they become where a result is
// not looked at.
#include "eventlog/event_log.hpp"

#include "base/assert.hpp"

#include <stdexcept>

namespace kwq::eventlog {

namespace {

std::size_t headers_size(const std::vector<std::pair<std::string, std::string>>& headers) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : headers) {
        bytes += name.size() + value.size();
    }
    return bytes;
}

}  // namespace

std::size_t size_of(const new_record& r) {
    return r.key.size() + r.value.size() + headers_size(r.headers);
}

std::size_t size_of(const log_record& r) {
    return r.key.size() + r.value.size() + headers_size(r.headers);
}

std::string_view to_string(errc code) {
    switch (code) {
        case errc::unknown: return "unknown";
        case errc::stopped: return "stopped";
        case errc::overloaded: return "overloaded";
        case errc::too_large: return "too_large";
        case errc::topic_unknown: return "topic_unknown";
        case errc::topic_mismatch: return "topic_mismatch";
        case errc::trimmed: return "trimmed";
        case errc::corrupt: return "corrupt";
        case errc::storage_full: return "storage_full";
        case errc::cannot_open: return "cannot_open";
    }
    assertion_failed("a known errc", __FILE__, __LINE__);
}

log_failure::log_failure(log_error e)
    : std::runtime_error(std::string(to_string(e.code)) + ": " + e.detail), error_(std::move(e)) {}

void throw_exception_from_error(const log_error& e, const boost::source_location& /*where*/) {
    throw log_failure(e);
}

}  // namespace kwq::eventlog
