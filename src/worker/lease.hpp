// held_lease: one task as a worker is handed it, and report: what the worker says of it in the end.
// Plain values between lease_client, which knows the wire, and everything that runs tasks.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kwq::worker {

struct held_lease {
    std::string token;
    std::uint32_t attempt = 1;
    // of the task
    std::string id;
    std::string queue;
    std::string job;
    std::int64_t priority = 0;
    std::string payload;          // JSON text, byte for byte
    std::string tags_json{"[]"};  // as it came
    std::vector<std::pair<std::string, std::string>> meta;
    milliseconds lease{60'000};  // how long it lives without a heartbeat
    milliseconds backoff{5'000};
    std::optional<milliseconds> timeout;
};

struct report {
    enum class kind : std::uint8_t { complete, error, release };

    kind what = kind::complete;
    std::string result_json{"null"};  // complete
    std::string message;              // error
    bool retry = true;                // error
    milliseconds delay{0};            // release

    friend bool operator==(const report&, const report&) = default;
};

}  // namespace kwq::worker
