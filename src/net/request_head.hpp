// The head of an HTTP/1.x request, read strictly: what two programs could read in two ways is
// refused, since that is how requests are smuggled past a proxy. Pure functions over bytes.
#pragma once

#include "net/http.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace kwq::net {

/// Why a request is answered by the server itself. All but `not_found` end the connection.
struct refusal {
    int status;
    std::string_view code;
    std::string detail;
};

struct request_head {
    request asked;  // without body and peer
    std::uint64_t content_length = 0;
    int minor_version = 1;
    bool keep_alive = true;
    bool head_only = false;  // HEAD: `asked.method` is GET, and the answer has no body
    bool expects_continue = false;
    bool outside_base_path = false;
};

/// Where the head ends, searched from where the last search stopped.
class head_end_finder {
public:
    /// Call with all bytes from the start of the request, each time more of them. Returns the
    /// length of the head with its empty line once it is there, a refusal (400) at the first line
    /// that does not end in CRLF, else nothing.
    std::variant<std::monostate, std::size_t, refusal> find(std::string_view bytes);
    void reset() { *this = {}; }

private:
    std::size_t looked_at_ = 0;
    std::size_t line_start_ = 0;
};

/// What is already too large in a head that has no end yet.
std::optional<refusal> too_large(std::string_view unfinished, const server_config& limits);

/// Reads one complete head, up to and with its empty line.
std::variant<request_head, refusal> parse_head(std::string_view bytes, const server_config& limits);

}  // namespace kwq::net
