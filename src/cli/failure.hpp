// failure: why a command could not do its work: the line for the person and the code for the
// script.
#pragma once

#include "base/result.hpp"
#include "cli/exit_code.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace kwq::cli {

struct failure {
    failure() = default;
    // A constructor, since an aggregate could be made from an exit_code alone, and then a result of
    // one would be ambiguous.
    failure(exit_code c, std::string text, bool passing = false, std::string refused_with = "")
        : code(c),
          message(std::move(text)),
          may_pass(passing),
          server_code(std::move(refused_with)) {}

    exit_code code = exit_code::error;
    std::string message;      // one line, without the leading `kwq: `
    bool may_pass = false;    // the same request may succeed later, and repeating it is safe when
                              // it carries ids or an Idempotency-Key
    std::string server_code;  // the `code` of problem+json, when a server refused
};

template <class T>
using outcome = result_of<T, failure>;

[[noreturn]] void throw_exception_from_error(const failure& e, const boost::source_location& where);

inline failure usage_failure(std::string message) {
    return {exit_code::usage, std::move(message)};
}

}  // namespace kwq::cli
