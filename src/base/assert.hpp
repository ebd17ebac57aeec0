// KWQ_ASSERT guards our own mistakes and stays on in release. User input never reaches one: that is
// a result. A failed assertion prints where and aborts; the log replays to the same place.
#pragma once

namespace kwq {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace kwq

#define KWQ_ASSERT(expression)                            \
    (static_cast<bool>(expression) ? static_cast<void>(0) \
                                   : ::kwq::assertion_failed(#expression, __FILE__, __LINE__))
