// id_source: ids for tasks that come without one. Time-ordered ones (26 characters of Crockford
// base32: 48 bits of milliseconds, 80 of chance) for ordinary submits; derived ones, the same for
// the same (key, index) for ever, for submits with an Idempotency-Key.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "model/ids.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace kwq::rest {

/// Any thread. Each id of one source is greater than the one before.
class id_source {
public:
    id_source(const clock& time, random_source& random) : time_(time), random_(random) {}

    model::task_id next();
    /// The next one that `fits`, which many must.
    model::task_id next(const std::function<bool(const model::task_id&)>& fits);
    /// 64 bits of chance, as 16 hex digits: names of simulations, the start of request ids.
    std::string hex();

private:
    model::task_id next_locked();

    const clock& time_;
    // any thread, under mutex_
    std::mutex mutex_;
    random_source& random_;
    std::uint64_t last_ms_ = 0;
    std::uint16_t high_ = 0;  // the 80 bits: they count up within a millisecond
    std::uint64_t low_ = 0;
};

/// SHA-256 of key and index, base64url: 43 characters.
model::task_id derived_id(std::string_view key, std::uint64_t index);

/// SHA-256, raw bytes.
std::string sha256(std::string_view bytes);

}  // namespace kwq::rest
