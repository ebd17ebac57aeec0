// auth: who may call. With a token, every route but the open ones wants it: as a bearer, or as the
// cookie that the page's sign-in sets. A state change by a browser must come from this very origin,
// with a token or without: a page elsewhere must not steer a server on this machine.
#pragma once

#include "model/error.hpp"
#include "net/http.hpp"
#include "rest/routes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kwq::rest {

inline constexpr std::string_view cookie_name = "kwq_session";

/// Takes the same time wherever the texts differ.
bool same_secret(std::string_view a, std::string_view b);

/// What the cookie holds: made from the token, and useless for finding it.
std::string cookie_value(std::string_view token);

/// Why the request may not go on, or nothing.
std::optional<model::error> refuse_access(const std::optional<std::string>& token, const route& to,
                                          const net::request& head);

/// With ui = read-only: why a browser may not make this change, or nothing. Signing in and out is
/// always allowed.
std::optional<model::error> refuse_change(const route& to, const net::request& head);

}  // namespace kwq::rest
