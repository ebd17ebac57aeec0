#include "rest/auth.hpp"

#include "base/base64.hpp"
#include "rest/id_source.hpp"

#include <openssl/crypto.h>

namespace kwq::rest {

using model::errc;

bool same_secret(std::string_view a, std::string_view b) {
    // Digests have one length, so neither the time nor a length tells anything.
    const std::string x = sha256(a);
    const std::string y = sha256(b);
    return CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

std::string cookie_value(std::string_view token) {
    return base64url_encode(sha256("kwq-session\n" + std::string(token)));
}

namespace {

std::optional<std::string_view> bearer(const net::request& head) {
    const auto given = head.header("authorization");
    if (!given) {
        return std::nullopt;
    }
    constexpr std::string_view scheme = "bearer ";
    if (given->size() < scheme.size()) {
        return std::string_view{};
    }
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        const char c = (*given)[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != scheme[i]) {
            return std::string_view{};
        }
    }
    return given->substr(scheme.size());
}

std::optional<std::string_view> cookie(const net::request& head) {
    const auto given = head.header("cookie");
    std::string_view rest = given.value_or("");
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        std::string_view one = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
        if (one.size() > cookie_name.size() && one.starts_with(cookie_name) &&
            one[cookie_name.size()] == '=') {
            return one.substr(cookie_name.size() + 1);
        }
    }
    return std::nullopt;
}

bool from_elsewhere(const net::request& head) {
    if (const auto site = head.header("sec-fetch-site")) {
        return *site != "same-origin";
    }
    const auto origin = head.header("origin");
    if (!origin) {
        return false;  // not a browser
    }
    const std::size_t host = origin->find("://");
    return host == std::string_view::npos || origin->substr(host + 3) != head.header("host");
}

}  // namespace

std::optional<model::error> refuse_access(const std::optional<std::string>& token, const route& to,
                                          const net::request& head) {
    if (to.who == access::open) {
        return std::nullopt;
    }
    const auto given = bearer(head);
    if (token && to.who == access::token) {
        const auto signed_in = given ? std::nullopt : cookie(head);
        if (!given && !signed_in) {
            return model::error{errc::unauthorized, "send Authorization: Bearer and the token", {}};
        }
        const bool right =
            given ? same_secret(*given, *token) : same_secret(*signed_in, cookie_value(*token));
        if (!right) {
            return model::error{errc::forbidden, "this is not the token", {}};
        }
    }
    if (to.method != "GET" && !(token && given) && from_elsewhere(head)) {
        return model::error{
            errc::forbidden, "a page of another origin may not change anything", {}};
    }
    return std::nullopt;
}

std::optional<model::error> refuse_change(const route& to, const net::request& head) {
    const bool browser = head.header("sec-fetch-site") || head.header("origin") || cookie(head);
    if (to.method == "GET" || !browser || to.pattern.starts_with("/ui/")) {
        return std::nullopt;
    }
    return model::error{errc::forbidden, "pages of this server may look and change nothing", {}};
}

}  // namespace kwq::rest
