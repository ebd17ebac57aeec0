// result_of<T, E>: a value, or why there is none. Expected failures travel as values; exceptions
// mean "cannot start" or a bug in a dependency. Each module names its own E (model::error for what
// an API caller may be told, eventlog::log_error for the log).
#pragma once

#include <boost/system/result.hpp>

namespace kwq {

template <class T, class E>
using result_of = boost::system::result<T, E>;

}  // namespace kwq
