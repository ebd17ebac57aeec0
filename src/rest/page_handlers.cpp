// Pages, and the sign-in that they need when there is a token.

#include "rest/assets.hpp"
#include "rest/auth.hpp"
#include "rest/handlers.hpp"
#include "rest/pages.hpp"
#include "rest/problems.hpp"
#include "rest/readers.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kwq::rest {

using model::errc;

namespace {

void add_page_headers(net::response& r, std::string_view path) {
    // The API page sets style attributes; everything else is as strict as it gets.
    const std::string_view styles =
        path.starts_with("swagger/") ? "style-src 'self' 'unsafe-inline'" : "style-src 'self'";
    r.headers.emplace_back("Content-Security-Policy",
                           "default-src 'none'; script-src 'self'; " + std::string(styles) +
                               "; img-src 'self' data:; connect-src 'self'; base-uri 'self'; "
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

namespace {

std::string as_attribute(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

void fill_in(std::string& page, std::string_view mark, std::string_view text) {
    for (auto at = page.find(mark); at != page.npos; at = page.find(mark, at + text.size())) {
        page.replace(at, mark.size(), text);
    }
}

/// A page of this server and nothing else: signing in leads nowhere else, whoever made the link.
bool is_page(std::string_view target, std::string_view base_path) {
    if (!target.starts_with(base_path)) {
        return false;
    }
    const std::string_view path = target.substr(base_path.size());
    const bool plain = std::none_of(path.begin(), path.end(),
                                    [](char c) { return c <= ' ' || c == '\\' || c == '\x7f'; });
    return plain && (path.starts_with("/ui/") || path.starts_with("/swagger/")) &&
           !path.starts_with("/ui/log") && path.find("//") == path.npos;
}

}  // namespace

net::response sign_in_page(const sign_in_form& form) {
    net::response r;
    r.status = form.status;
    r.content_type = "text/html; charset=utf-8";
    r.body = *find_asset("sign-in/page.html")->bytes;
    fill_in(r.body, "{base}", form.base_path);
    fill_in(r.body, "{said}",
            form.refused ? "<p class=\"bad\" role=\"alert\">This is not the token.</p>"
                         : "<p>This server wants its token.</p>");
    fill_in(r.body, "{to}", as_attribute(form.then));
    add_page_headers(r, "ui/");
    r.headers.emplace_back("Cache-Control", "no-store");
    return r;
}

void get_sign_in_style(context&, const call& q, reply to) {
    to.send(page_response("sign-in/sign-in.css", q.request));
}

namespace {

/// Whether Accept-Encoding names the coding without forbidding it (q=0). `*` is not taken for it.
bool accepts(const net::request& request, std::string_view coding) {
    std::string_view rest = request.header("accept-encoding").value_or("");
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        std::string_view one = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
        const std::size_t name_end = std::min(one.find_first_of("; "), one.size());
        if (one.substr(0, name_end) != coding) {
            continue;
        }
        const std::string_view weight = one.substr(name_end);
        const std::size_t q = weight.find("q=0");
        return q == std::string_view::npos || weight.find_first_of("123456789", q) != weight.npos;
    }
    return false;
}

bool is_compressed_form(std::string_view path) {
    return path.ends_with(".gz") || path.ends_with(".br");
}

/// The smallest form of it that the client takes, and how that is coded.
struct chosen_asset {
    const asset* found = nullptr;
    std::string_view coding;
};

chosen_asset choose(std::string_view path, const net::request& request) {
    if (is_compressed_form(path)) {
        return {};
    }
    for (const auto& [coding, ending] : {std::pair{"br", ".br"}, std::pair{"gzip", ".gz"}}) {
        const asset* smaller = find_asset(std::string(path) + ending);
        if (smaller != nullptr && accepts(request, coding)) {
            return {smaller, coding};
        }
    }
    return {find_asset(path), {}};
}

bool has_compressed_form(std::string_view path) {
    return find_asset(std::string(path) + ".gz") != nullptr;
}

/// Names with a digest of what is in them: they never change.
bool is_hashed(std::string_view path) {
    return path.starts_with("ui/assets/");
}

}  // namespace

net::response page_response(std::string_view path, const net::request& request) {
    net::response r;
    const auto [found, coding] = choose(path, request);
    if (found == nullptr) {
        r.status = 404;
        return r;
    }
    r.content_type = std::string(found->type);
    r.headers.emplace_back("ETag", std::string(found->etag));
    r.headers.emplace_back("Cache-Control",
                           is_hashed(path) ? "public, max-age=31536000, immutable" : "no-cache");
    if (!coding.empty()) {
        r.headers.emplace_back("Content-Encoding", std::string(coding));
    }
    if (has_compressed_form(path)) {
        r.headers.emplace_back("Vary", "Accept-Encoding");
    }
    add_page_headers(r, path);
    if (request.header("if-none-match") == found->etag) {
        r.status = 304;
        return r;
    }
    // Shared with the table: a page is never copied to be sent.
    r.shared_body = found->bytes;
    return r;
}

namespace {

/// The addresses that the UI's own script answers: one document for all of them.
bool is_view(std::string_view path) {
    constexpr std::string_view views[] = {"queues",  "jobs",    "tags", "tasks",    "errors",
                                          "workers", "cluster", "bulk", "simulator"};
    const std::string_view first = path.substr(0, path.find('/'));
    const std::string_view rest = path.substr(std::min(first.size() + 1, path.size()));
    return std::find(std::begin(views), std::end(views), first) != std::end(views) &&
           rest.find('/') == std::string_view::npos;
}

/// The document, with its base as far up as the address is deep: relative, so that it holds below
/// any base path and behind any proxy.
net::response view_response(std::string_view path, const net::request& request) {
    net::response r = page_response("ui/index.html", request);
    const asset* page = find_asset("ui/index.html");
    if (path.find('/') == std::string_view::npos || page == nullptr || r.status != 200) {
        return r;
    }
    constexpr std::string_view mark = "<base href=\"./\">";
    r.body = *page->bytes;
    r.shared_body = nullptr;
    std::erase_if(r.headers, [](const auto& header) {
        return header.first == "Content-Encoding" || header.first == "ETag";
    });
    if (const std::size_t at = r.body.find(mark); at != std::string::npos) {
        r.body.replace(at, mark.size(), "<base href=\"../\">");
    }
    return r;
}

net::response find_page(const call& q) {
    if (q.route == "get_swagger") {
        const std::string path = "swagger/" + q.named(0);
        return page_response(path.ends_with('/') ? path + "index.html" : path, q.request);
    }
    const std::string& path = q.named(0);
    if (path.empty() || is_view(path)) {
        return view_response(path, q.request);
    }
    return page_response("ui/" + path, q.request);
}

}  // namespace

void get_page(context&, const call& q, reply to) {
    net::response r = find_page(q);
    if (r.status == 404) {
        r.content_type = "text/plain; charset=utf-8";
        r.body = "There is no such page.\n";
        add_page_headers(r, q.route == "get_swagger" ? "swagger/" : "ui/");
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

std::string form_field(std::string_view form, std::string_view name) {
    while (!form.empty()) {
        const std::size_t end = std::min(form.find('&'), form.size());
        const std::string_view one = form.substr(0, end);
        form.remove_prefix(std::min(end + 1, form.size()));
        if (one.starts_with(name) && one.substr(name.size()).starts_with('=')) {
            return net::percent_decode(one.substr(name.size() + 1), true).value_or("");
        }
    }
    return {};
}

/// A field of a JSON body or of a form.
std::string field_of(const net::request& r, std::string_view name) {
    if (!r.header("content-type").value_or("").starts_with("application/json")) {
        return form_field(r.body, name);
    }
    const auto parsed = codec::json_document::parse(r.body);
    const codec::json_value* found = parsed ? parsed->root().find(name) : nullptr;
    return found != nullptr && found->is_string() ? std::string(found->string()) : std::string();
}

std::string cookie_line(const context& c, std::string_view value, std::string_view age) {
    const std::string path = c.config.base_path.empty() ? "/" : c.config.base_path + "/";
    return std::string(cookie_name) + "=" + std::string(value) + "; Path=" + path +
           "; HttpOnly; SameSite=Strict" + std::string(age);
}

}  // namespace

void sign_in(context& c, const call& q, reply to) {
    const std::string wanted = field_of(q.request, "to");
    const std::string then =
        is_page(wanted, c.config.base_path) ? wanted : c.config.base_path + "/ui/";
    net::response r = redirect(then);
    if (c.config.token) {
        const std::string given = field_of(q.request, "token");
        if (given.empty() || !same_secret(given, *c.config.token)) {
            const auto code = given.empty() ? errc::unauthorized : errc::forbidden;
            if (wants_html(q.request)) {
                to.send(sign_in_page({.status = status_of(code),
                                      .base_path = c.config.base_path,
                                      .then = then,
                                      .refused = true}));
            } else {
                to.fail({code, "this is not the token", {}});
            }
            return;
        }
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
