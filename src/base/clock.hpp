// Two clocks, two types that never mix. `instant` is wall time, for people and for `not_before`;
// `mono_time` is the process's monotonic time, for validity and for waiting. Only this file and its
// .cpp may ask the operating system for the time; everything else is given a `clock`.
#pragma once

#include "base/named.hpp"

#include <chrono>
#include <cstdint>

namespace kwq {

using milliseconds = std::chrono::milliseconds;

/// Wall clock: integer milliseconds since the Unix epoch.
using instant = named<std::int64_t, struct instant_tag>;

inline instant operator+(instant at, milliseconds by) {
    return instant{at.value() + by.count()};
}
inline milliseconds operator-(instant a, instant b) {
    return milliseconds{a.value() - b.value()};
}

/// Monotonic time since an arbitrary start of this process.
using mono_time = std::chrono::time_point<std::chrono::steady_clock, milliseconds>;

class clock {
public:
    virtual ~clock() = default;
    virtual instant wall() const = 0;         // any thread
    virtual mono_time monotonic() const = 0;  // any thread; never goes back
};

/// The operating system's clocks. Lives as long as the process.
const clock& system_clock();

}  // namespace kwq
