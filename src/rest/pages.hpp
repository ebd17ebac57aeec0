// pages: answers that a browser shows.
#pragma once

#include "net/http.hpp"

#include <string>
#include <string_view>

namespace kwq::rest {

/// The asset at `path`, or 304 when the client has it; nothing found: status 404 and no body.
net::response page_response(std::string_view path, const net::request& r);

/// A form that asks for the token: what a page is answered with until the token was given.
struct sign_in_form {
    int status = 401;
    std::string base_path;
    std::string then;      // where it leads: path and query, as a browser sends them
    bool refused = false;  // a token was given, and it was another
};
net::response sign_in_page(const sign_in_form& form);

bool wants_html(const net::request& r);

}  // namespace kwq::rest
