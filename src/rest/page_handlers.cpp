// Pages, and the sign-in that they need when there is a token.

#include "rest/assets.hpp"
#include "rest/auth.hpp"
#include "rest/handlers.hpp"
#include "rest/pages.hpp"
#include "rest/problems.hpp"
#include "rest/readers.hpp"

namespace kwq::rest {

using model::errc;

namespace {

void add_page_headers(net::response& r, std::string_view path) {
    // The API page sets style attributes; everything else is as strict as it gets.
    const std::string_view styles =
        path.starts_with("swagger/") ? "style-src 'self' 'unsafe-inline'" : "style-src 'self'";
    r.headers.emplace_back("Content-Security-Policy",
                           "default-src 'none'; script-src 'self'; " + std::string(styles) +
                               "; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
                               "form-action 'self'; frame-ancestors 'none'");
    r.headers.emplace_back("X-Content-Type-Options", "nosniff");
    r.headers.emplace_back("X-Frame-Options", "DENY");
    r.headers.emplace_back("Referrer-Policy", "no-referrer");
    r.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    r.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
}

net::response redirect(std::string location) {
    net::response r;
    r.status = 303;
    r.content_type = "text/plain; charset=utf-8";
    r.headers.emplace_back("Location", std::move(location));
    add_api_headers(r);
    return r;
}

}  // namespace

bool wants_html(const net::request& r) {
    const auto accept = r.header("accept");
    return accept && accept->find("text/html") != std::string_view::npos;
}

net::response sign_in_page(int status, const std::string& base_path) {
    net::response r;
    r.status = status;
    r.content_type = "text/html; charset=utf-8";
    r.body =
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"color-scheme\" content=\"light dark\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>KWQ: sign in</title></head>"
        "<body><h1>KWQ</h1><p>This server wants its token.</p>"
        "<form method=\"post\" action=\"" +
        base_path +
        "/ui/login\"><label>Token <input type=\"password\" "
        "name=\"token\" autocomplete=\"current-password\" required autofocus></label> "
        "<button>Sign in</button></form></body></html>\n";
    add_page_headers(r, "ui/");
    r.headers.emplace_back("Cache-Control", "no-store");
    return r;
}

net::response page_response(std::string_view path, const net::request& request) {
    net::response r;
    const asset* found = find_asset(path);
    if (found == nullptr) {
        r.status = 404;
        return r;
    }
    r.content_type = std::string(found->type);
    r.headers.emplace_back("ETag", std::string(found->etag));
    r.headers.emplace_back("Cache-Control", "no-cache");
    add_page_headers(r, path);
    if (request.header("if-none-match") == found->etag) {
        r.status = 304;
        return r;
    }
    // Shared with the table: a page is never copied to be sent.
    r.shared_body = found->bytes;
    return r;
}

void get_page(context&, const call& q, reply to) {
    const bool swagger = q.route == "get_swagger";
    std::string path = (swagger ? "swagger/" : "ui/") + q.named(0);
    if (path.ends_with('/')) {
        path += "index.html";
    }
    net::response r = page_response(path, q.request);
    if (r.status == 404) {
        r.content_type = "text/plain; charset=utf-8";
        r.body = "There is no such page.\n";
        add_page_headers(r, path);
    }
    to.send(std::move(r));
}

void get_page_folder(context& c, const call& q, reply to) {
    to.send(redirect(c.config.base_path + q.request.path + "/"));
}

void get_root(context& c, const call&, reply to) {
    to.send(redirect(c.config.base_path + "/ui/"));
}

void get_openapi(context&, const call& q, reply to) {
    to.send(page_response("openapi.json", q.request));
}

namespace {

/// The token of a JSON body or of a form with that one field.
std::string token_of(const net::request& r) {
    if (r.header("content-type").value_or("").starts_with("application/json")) {
        const auto parsed = codec::json_document::parse(r.body);
        const codec::json_value* found = parsed ? parsed->root().find("token") : nullptr;
        return found != nullptr && found->is_string() ? std::string(found->string())
                                                      : std::string();
    }
    constexpr std::string_view name = "token=";
    const std::string_view form = r.body;
    if (!form.starts_with(name)) {
        return {};
    }
    return net::percent_decode(form.substr(name.size()), true).value_or("");
}

std::string cookie_line(const context& c, std::string_view value, std::string_view age) {
    const std::string path = c.config.base_path.empty() ? "/" : c.config.base_path + "/";
    return std::string(cookie_name) + "=" + std::string(value) + "; Path=" + path +
           "; HttpOnly; SameSite=Strict" + std::string(age);
}

}  // namespace

void sign_in(context& c, const call& q, reply to) {
    if (c.config.token) {
        const std::string given = token_of(q.request);
        if (given.empty() || !same_secret(given, *c.config.token)) {
            const auto code = given.empty() ? errc::unauthorized : errc::forbidden;
            if (wants_html(q.request)) {
                to.send(sign_in_page(status_of(code), c.config.base_path));
            } else {
                to.fail({code, "this is not the token", {}});
            }
            return;
        }
    }
    net::response r = redirect(c.config.base_path + "/ui/");
    if (c.config.token) {
        r.headers.emplace_back("Set-Cookie", cookie_line(c, cookie_value(*c.config.token), ""));
    }
    to.send(std::move(r));
}

void sign_out(context& c, const call&, reply to) {
    net::response r = redirect(c.config.base_path + "/ui/");
    r.headers.emplace_back("Set-Cookie", cookie_line(c, "", "; Max-Age=0"));
    to.send(std::move(r));
}

}  // namespace kwq::rest
