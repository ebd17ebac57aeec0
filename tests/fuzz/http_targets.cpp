// What comes over HTTP before any JSON: heads of requests, targets, answers to our own client.
#include "target.hpp"

#include "net/answer_parser.hpp"
#include "net/http.hpp"
#include "net/request_head.hpp"
#include "net/target.hpp"
#include "rest/routes.hpp"

#include <optional>
#include <string>
#include <variant>

namespace kwq::fuzz {

namespace {

/// The same head, written plainly from what was read.
std::string written(const net::request_head& head, bool head_only) {
    std::string out = (head_only ? "HEAD" : head.asked.method) + " " + head.asked.target +
                      " HTTP/1." + std::to_string(head.minor_version) + "\r\n";
    for (const auto& [name, value] : head.asked.headers) {
        out += name + ": " + value + "\r\n";
    }
    return out + "\r\n";
}

void check_head(const net::request_head& head, const net::server_config& limits) {
    const net::request& r = head.asked;
    must(r.path.starts_with('/'), "a path begins with a slash");
    must(r.headers.size() <= limits.max_header_fields, "no more fields than the limit");
    must(r.target.size() <= limits.max_target_bytes, "no longer target than the limit");
    must(!r.header("transfer-encoding"), "no coding is let through");
    must(head.content_length == 0 || r.method != "GET", "a GET has no body");
    must(r.header("content-length").has_value() || head.content_length == 0, "a length is said");
    for (const auto& [name, value] : r.headers) {
        must(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
             "no field breaks out of its line");
        must(name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ \t:\r\n") == std::string::npos,
             "names are lower-case words");
    }
    for (const auto& [name, value] : r.query) {
        must(net::is_utf8(name) && net::is_utf8(value), "a query is UTF-8");
    }
}

void check_accepted(const net::request_head& head, const net::server_config& limits) {
    check_head(head, limits);
    const std::string again = written(head, head.head_only);
    net::server_config wide = limits;
    wide.max_header_bytes *= 4;
    const auto twice = net::parse_head(again, wide);
    const auto* same = std::get_if<net::request_head>(&twice);
    must(same != nullptr, "what was accepted is accepted when it is written plainly");
    must(same->asked.headers == head.asked.headers && same->asked.path == head.asked.path &&
             same->asked.query == head.asked.query && same->asked.method == head.asked.method &&
             same->content_length == head.content_length && same->keep_alive == head.keep_alive &&
             same->expects_continue == head.expects_continue,
         "and means the same");
}

}  // namespace

void request_head(std::string_view input) {
    net::server_config limits;
    pieces p(input);
    const unsigned how = p.byte();
    if ((how & 1U) != 0) {
        limits.allowed_hosts = {"localhost", "127.0.0.1", "::1", "[::1]"};
    }
    limits.base_path = (how & 2U) != 0 ? "/base" : "";
    const std::string_view bytes = p.rest();
    net::head_end_finder whole;
    const auto found = whole.find(bytes);
    // Read in pieces it must end at the same place.
    net::head_end_finder in_pieces;
    std::variant<std::monostate, std::size_t, net::refusal> last;
    const std::size_t step = how / 4 + 1;
    for (std::size_t cut = std::min(step, bytes.size());;
         cut = std::min(cut + step, bytes.size())) {
        last = in_pieces.find(bytes.substr(0, cut));
        if (!std::holds_alternative<std::monostate>(last) || cut == bytes.size()) {
            break;
        }
    }
    must(last.index() == found.index(), "a head ends where it ends, however it is cut");
    const auto* length = std::get_if<std::size_t>(&found);
    if (length == nullptr) {
        (void)net::too_large(bytes, limits);
        return;
    }
    must(std::get<std::size_t>(last) == *length, "at the same byte");
    const auto parsed = net::parse_head(bytes.substr(0, *length), limits);
    if (const auto* head = std::get_if<net::request_head>(&parsed)) {
        check_accepted(*head, limits);
        return;
    }
    const auto& why = std::get<net::refusal>(parsed);
    must(why.status >= 400 && why.status < 600 && !why.code.empty() && !why.detail.empty(),
         "a refusal says why");
}

void url(std::string_view input) {
    const std::string encoded = net::percent_encode(input);
    must(net::percent_decode(encoded) == input, "what is percent-encoded reads back");
    net::split_target parts;
    if (const auto fault = net::split(input, parts)) {
        must(!fault->reason.empty(), "a fault has a reason");
        return;
    }
    const auto decoded = net::percent_decode(parts.path);
    must(decoded && net::is_utf8(*decoded), "a path is UTF-8");
    must(decoded->find('\0') == std::string::npos, "without a NUL");
    for (const auto* dots : {"/../", "/./"}) {
        must((parts.path + "/").find(dots) == std::string::npos, "without dot segments");
    }
    std::string again = parts.path + "?";
    for (const auto& [name, value] : parts.query) {
        again += net::percent_encode(name) + "=" + net::percent_encode(value) + "&";
    }
    net::split_target same;
    must(!net::split(again, same), "it is a target when it is written again");
    must(same.path == parts.path, "with the same path");
    // Only a name and a value that are both empty leave nothing to be written.
    must(same.query == parts.query, "and the same query");
    for (const char* method : {"GET", "POST", "PUT", "PATCH"}) {
        const auto match = rest::match_route(method, parts.path);
        must(match.found == nullptr || match.found->method == method, "the route has the method");
        must(!match.malformed, "no route finds fault with a path that was let through");
    }
}

namespace {

struct answer_read {
    bool done = false, bad = false;
    std::string body;
    int status = 0;
};

answer_read read_answer(std::string_view bytes, std::size_t step, bool head_only) {
    net::answer_parser parser(head_only);
    answer_read out;
    const auto take = [&](std::string_view part) { out.body += part; };
    for (std::size_t at = 0; at < bytes.size() && !parser.done() && !parser.bad(); at += step) {
        parser.feed(bytes.substr(at, step), take);
    }
    if (!parser.done() && !parser.bad()) {
        parser.end();
    }
    out.done = parser.done();
    out.bad = parser.bad();
    out.status = parser.done() ? parser.answer().status : 0;
    return out;
}

}  // namespace

void answer(std::string_view input) {
    pieces p(input);
    const unsigned how = p.byte();
    const bool head_only = (how & 1U) != 0;
    const auto whole = read_answer(p.rest(), std::max<std::size_t>(p.rest().size(), 1), head_only);
    const auto cut = read_answer(p.rest(), how / 2 + 1, head_only);
    must(!(whole.done && whole.bad), "an answer is good or bad");
    must(whole.done == cut.done && whole.bad == cut.bad && whole.status == cut.status,
         "an answer is the same however it is cut");
    must(!whole.done || whole.body == cut.body, "to its last byte");
}

}  // namespace kwq::fuzz
