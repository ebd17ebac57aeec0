// routes: every call there is, in one table, the same as in openapi/kwq.yaml (a test walks both).
#pragma once

#include "rest/context.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kwq::rest {

/// What a body must be.
enum class body_kind : unsigned char { none, json, json_or_none, ndjson, sign_in };
/// Who may call: anyone, or whoever has the token when there is one.
enum class access : unsigned char { open, token, sign_in };

struct route {
    std::string_view method;
    std::string_view pattern;  // `{name}` is one segment, `{name...}` the rest
    std::string_view name;     // operationId
    void (*run)(context&, const call&, reply);
    std::size_t max_body = 0;
    body_kind body = body_kind::none;
    access who = access::token;
    net::body_stream (*stream)(context&, const call&, net::stream_responder_ptr) = nullptr;
};

std::span<const route> routes();

struct route_match {
    const route* found = nullptr;
    std::vector<std::string> path;  // what the pattern's names stand for, percent-decoded
    std::string allow;              // methods of the address when only the method is wrong
    bool malformed = false;         // a % without two hex digits
};

/// `path` is percent-encoded.
route_match match_route(std::string_view method, std::string_view path);

}  // namespace kwq::rest
