#include "net/server_url.hpp"

#include <algorithm>

namespace kwq::net {

std::optional<server_url> parse_server_url(std::string_view url) {
    constexpr std::string_view scheme = "http://";
    if (url.substr(0, scheme.size()) != scheme) {
        return std::nullopt;
    }
    url.remove_prefix(scheme.size());
    const std::size_t slash = std::min(url.find('/'), url.size());
    server_url out;
    out.authority = std::string(url.substr(0, slash));
    out.base = std::string(url.substr(slash));
    while (!out.base.empty() && out.base.back() == '/') {
        out.base.pop_back();
    }
    std::string_view rest = out.authority;
    const bool bracketed = !rest.empty() && rest.front() == '[';
    const std::size_t name_end = bracketed ? rest.find(']') : std::min(rest.find(':'), rest.size());
    if (name_end == std::string_view::npos) {
        return std::nullopt;
    }
    out.host = std::string(rest.substr(bracketed ? 1 : 0, name_end - (bracketed ? 1 : 0)));
    rest.remove_prefix(name_end + (bracketed ? 1 : 0));
    out.port = rest.empty() ? "80" : std::string(rest.substr(1));
    const bool port_ok = (rest.empty() || rest.front() == ':') && !out.port.empty() &&
                         out.port.size() <= 5 &&
                         out.port.find_first_not_of("0123456789") == std::string::npos;
    const bool odd = (out.host + out.base).find_first_of("@?# \t\r\n") != std::string::npos;
    if (out.host.empty() || !port_ok || odd) {
        return std::nullopt;
    }
    return out;
}

}  // namespace kwq::net
