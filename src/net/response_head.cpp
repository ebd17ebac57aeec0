// Writes answer heads.
#include "net/response_head.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace kwq::net {

namespace {

using field = std::pair<std::string_view, std::string_view>;

/// Sent unless the handler says otherwise. The policy forbids everything, since an answer is data;
/// pages set their own.
constexpr std::array<field, 7> defaults = {{
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
}};
/// The server's own business.
constexpr std::array<std::string_view, 6> reserved = {
    "connection", "content-length", "content-type", "date", "server", "transfer-encoding"};

bool same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

bool is_clean(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7F;
    });
}

void add(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

bool is_reserved(std::string_view name) {
    return std::any_of(reserved.begin(), reserved.end(),
                       [&](std::string_view own) { return same_name(own, name); });
}

std::string_view reason(int status) {
    switch (status) {
        case 100: return "Continue";
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 411: return "Length Required";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 505: return "HTTP Version Not Supported";
        case 507: return "Insufficient Storage";
        default: return "Status";
    }
}

void add_framing(std::string& out, const response& r, const answer_framing& framing) {
    if (has_body(r.status)) {
        if (!r.content_type.empty() && is_clean(r.content_type)) {
            add(out, "Content-Type", r.content_type);
        }
        if (framing.content_length) {
            add(out, "Content-Length", std::to_string(*framing.content_length));
        } else if (framing.minor_version == 1) {
            add(out, "Transfer-Encoding", "chunked");
        }
    }
    if (!framing.keep_alive) {
        add(out, "Connection", "close");
    } else if (framing.minor_version == 0) {
        add(out, "Connection", "keep-alive");
    }
}

}  // namespace

bool has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

std::string response_head(const response& r, const answer_framing& framing) {
    std::string out;
    out.reserve(512);
    out.append("HTTP/1.1 ").append(std::to_string(r.status)).append(" ");
    out.append(reason(r.status)).append("\r\n");
    add(out, "Date", framing.date);
    add(out, "Server", "kwq");
    add_framing(out, r, framing);
    for (const auto& [name, value] : defaults) {
        const bool given = std::any_of(r.headers.begin(), r.headers.end(),
                                       [&](const auto& h) { return same_name(h.first, name); });
        if (!given) {
            add(out, name, value);
        }
    }
    for (const auto& [name, value] : r.headers) {
        const bool name_ok =
            !name.empty() && is_clean(name) && name.find_first_of(": \t") == std::string::npos;
        if (name_ok && is_clean(value) && !is_reserved(name)) {
            add(out, name, value);
        }
    }
    out.append("\r\n");
    return out;
}

std::string http_date(instant at) {
    const auto seconds = static_cast<std::time_t>(at.value() / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    // The C locale's English names: the program never sets another.
    const std::size_t length =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text.data(), length};
}

}  // namespace kwq::net
