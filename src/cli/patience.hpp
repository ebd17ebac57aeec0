// patience: repeating a request until the server is back, with a growing pause. Only for requests
// that carry ids or an Idempotency-Key, so that repeating submits nothing twice.
#pragma once

#include "cli/session.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace kwq::cli {

/// Pause before try `n` + 1: 250 ms doubled up to 10 s.
milliseconds pause_after(std::uint32_t n);

/// Calls `once` until it works, fails for good, or somebody interrupts. Says once that it waits.
template <class T>
outcome<T> with_patience(session& s, const std::function<outcome<T>()>& once);

extern template outcome<reply> with_patience(session&, const std::function<outcome<reply>()>&);
extern template outcome<void> with_patience(session&, const std::function<outcome<void>()>&);

/// 32 hex digits from the kernel's generator, for ids and keys.
std::string random_hex();

}  // namespace kwq::cli
