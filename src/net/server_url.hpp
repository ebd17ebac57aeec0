// server_url: where a server is, as a client is told it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kwq::net {

struct server_url {
    std::string host;  // without brackets
    std::string port;
    std::string authority;  // for the Host field
    std::string base;       // "" or "/below"
};

/// Scheme http, host, port (80), optional base path; nothing if it is anything else.
std::optional<server_url> parse_server_url(std::string_view url);

}  // namespace kwq::net
