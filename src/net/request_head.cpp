// Reads request heads. Each check names what it refuses; RFC 9110 and 9112 give the grammar.
#include "net/request_head.hpp"

#include "net/target.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kwq::net {

namespace {

constexpr std::array<std::string_view, 7> known_methods = {"GET",    "HEAD",    "POST", "PUT",
                                                           "DELETE", "OPTIONS", "PATCH"};
/// Said twice, these would mean something else to another reader.
constexpr std::array<std::string_view, 6> once_only = {
    "host", "content-length", "content-type", "authorization", "expect", "idempotency-key"};
constexpr std::size_t max_length_digits = 18;  // fits 64 bits whatever the digits

refusal bad(std::string detail) {
    return {400, "bad_request", std::move(detail)};
}

bool is_token_char(char c) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
    return out;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

/// Takes one line off `rest`, without its CRLF. The finder has seen to it that all lines end so.
std::string_view take_line(std::string_view& rest) {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
    return line;
}

std::optional<refusal> read_version(std::string_view text, request_head& head) {
    const bool shaped = text.size() == 8 && text.substr(0, 5) == "HTTP/" && is_digit(text[5]) &&
                        text[6] == '.' && is_digit(text[7]);
    if (!shaped) {
        return bad("the request line does not end in a version");
    }
    if (text != "HTTP/1.1" && text != "HTTP/1.0") {
        return refusal{505, "not_supported", "this server speaks HTTP/1.1"};
    }
    head.minor_version = text[7] - '0';
    return std::nullopt;
}

std::optional<refusal> read_target(std::string_view target, const server_config& limits,
                                   request_head& head) {
    if (target.size() > limits.max_target_bytes) {
        return refusal{414, "header_too_large", "the target is too long"};
    }
    split_target parts;
    if (const auto fault = split(target, parts)) {
        return bad("the target " + std::string(fault->reason));
    }
    const std::string& base = limits.base_path;
    if (!base.empty()) {
        const bool below = parts.path.compare(0, base.size(), base) == 0 &&
                           (parts.path.size() == base.size() || parts.path[base.size()] == '/');
        head.outside_base_path = !below;
        if (below) {
            parts.path.erase(0, base.size());
            parts.path = parts.path.empty() ? "/" : parts.path;
        }
    }
    head.asked.target = std::string(target);
    head.asked.path = std::move(parts.path);
    head.asked.query = std::move(parts.query);
    return std::nullopt;
}

std::optional<refusal> read_request_line(std::string_view line, const server_config& limits,
                                         request_head& head) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return bad("the request line is not `method target version`");
    }
    const std::string_view method = line.substr(0, first);
    if (!is_token(method)) {
        return bad("the method is not a word");
    }
    if (auto no = read_version(line.substr(last + 1), head)) {
        return no;
    }
    if (std::find(known_methods.begin(), known_methods.end(), method) == known_methods.end()) {
        return refusal{501, "not_supported", "this server does not know the method"};
    }
    head.head_only = method == "HEAD";
    head.asked.method = head.head_only ? "GET" : std::string(method);
    return read_target(line.substr(first + 1, last - first - 1), limits, head);
}

std::optional<refusal> read_field(std::string_view line, request_head& head) {
    if (line.front() == ' ' || line.front() == '\t') {
        return bad("a header field goes on over a second line");
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return bad("a header field has no proper name");
    }
    const std::string_view value = trim(line.substr(colon + 1));
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7F) {
            return bad("a header field holds a control character");
        }
    }
    head.asked.headers.emplace_back(lower(line.substr(0, colon)), std::string(value));
    return std::nullopt;
}

std::optional<refusal> read_fields(std::string_view rest, const server_config& limits,
                                   request_head& head) {
    for (std::string_view line = take_line(rest); !line.empty(); line = take_line(rest)) {
        if (head.asked.headers.size() == limits.max_header_fields) {
            return refusal{431, "header_too_large", "there are too many header fields"};
        }
        if (auto no = read_field(line, head)) {
            return no;
        }
    }
    for (const std::string_view name : once_only) {
        const auto same = [&](const auto& field) { return field.first == name; };
        if (std::count_if(head.asked.headers.begin(), head.asked.headers.end(), same) > 1) {
            return bad("the header field " + std::string(name) + " is given twice");
        }
    }
    return std::nullopt;
}

/// The Host field without its port and brackets; nothing if it is not a host.
std::optional<std::string> host_name(std::string_view value) {
    const bool bracketed = !value.empty() && value.front() == '[';
    const std::size_t close = bracketed ? value.find(']') : std::string_view::npos;
    if (bracketed && close == std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t end = bracketed ? close + 1 : std::min(value.find(':'), value.size());
    const std::string_view name = bracketed ? value.substr(1, close - 1) : value.substr(0, end);
    const std::string_view port = value.substr(end);
    const bool port_ok = port.empty() || (port.front() == ':' && port.size() <= 6 &&
                                          std::all_of(port.begin() + 1, port.end(), is_digit));
    const auto name_char = [&](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
               c == '.' || c == '_' || (bracketed && c == ':');
    };
    if (!port_ok || name.empty() || !std::all_of(name.begin(), name.end(), name_char)) {
        return std::nullopt;
    }
    return lower(name);
}

std::optional<refusal> judge_host(const request_head& head, const server_config& limits) {
    const auto host = head.asked.header("host");
    if (!host) {
        if (head.minor_version == 1) {
            return bad("there is no Host");
        }
        return limits.allowed_hosts.empty()
                   ? std::nullopt
                   : std::optional(refusal{421, "host_not_allowed", "there is no Host"});
    }
    const auto name = host_name(*host);
    if (!name) {
        return bad("the Host is not a host name");
    }
    const auto same = [&](const std::string& allowed) {
        const auto other = host_name(allowed);
        return lower(allowed) == *name || (other && *other == *name);
    };
    const auto& allowed = limits.allowed_hosts;
    if (!allowed.empty() && std::none_of(allowed.begin(), allowed.end(), same)) {
        return refusal{421, "host_not_allowed", "this server does not answer for that Host"};
    }
    return std::nullopt;
}

std::optional<refusal> judge_coding(const request_head& head) {
    const auto coding = head.asked.header("transfer-encoding");
    if (!coding) {
        return std::nullopt;
    }
    const auto is_coding = [](const auto& field) { return field.first == "transfer-encoding"; };
    const auto& fields = head.asked.headers;
    const bool alone = std::count_if(fields.begin(), fields.end(), is_coding) == 1 &&
                       !head.asked.header("content-length");
    if (alone && head.minor_version == 1 && lower(*coding) == "chunked") {
        return refusal{411, "length_required", "send the body with a Content-Length"};
    }
    return bad("Transfer-Encoding is not accepted; send a Content-Length");
}

std::optional<refusal> judge_length(request_head& head) {
    const auto length = head.asked.header("content-length");
    if (!length) {
        return std::nullopt;
    }
    const bool digits = !length->empty() && length->size() <= max_length_digits &&
                        std::all_of(length->begin(), length->end(), is_digit);
    if (!digits) {
        return bad("the Content-Length is not a number");
    }
    std::from_chars(length->data(), length->data() + length->size(), head.content_length);
    if (head.content_length > 0 && head.asked.method == "GET") {
        return bad("a GET has no body here");
    }
    return std::nullopt;
}

std::optional<refusal> judge_connection(request_head& head) {
    head.keep_alive = head.minor_version == 1;
    bool close = false;
    for (const auto& [name, value] : head.asked.headers) {
        if (name != "connection") {
            continue;
        }
        std::string_view rest = value;
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            const std::string word = lower(trim(rest.substr(0, comma)));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            close = close || word == "close";
            head.keep_alive = head.keep_alive || word == "keep-alive";
        }
    }
    head.keep_alive = head.keep_alive && !close;
    if (const auto expect = head.asked.header("expect"); expect && head.minor_version == 1) {
        if (lower(*expect) != "100-continue") {
            return refusal{417, "bad_request", "this server knows only 100-continue"};
        }
        head.expects_continue = true;
    }
    return std::nullopt;
}

}  // namespace

std::variant<std::monostate, std::size_t, refusal> head_end_finder::find(std::string_view bytes) {
    const bool begins = looked_at_ == 0 && !bytes.empty();
    if (begins && !is_token_char(bytes.front()) && bytes.front() != '\r') {
        return bad("the request does not begin with a method");  // TLS, or no HTTP at all
    }
    while (true) {
        const std::size_t feed = bytes.find('\n', looked_at_);
        if (feed == std::string_view::npos) {
            looked_at_ = bytes.size();
            return std::monostate{};
        }
        if (feed == 0 || bytes[feed - 1] != '\r' || feed - 1 < line_start_) {
            return bad("a line does not end in CR LF");
        }
        const bool empty = feed - 1 == line_start_;
        if (empty && line_start_ == 0) {
            return bad("the request begins with an empty line");
        }
        looked_at_ = line_start_ = feed + 1;
        if (empty) {
            return feed + 1;
        }
    }
}

std::optional<refusal> too_large(std::string_view unfinished, const server_config& limits) {
    const bool in_first_line = unfinished.find('\n') == std::string_view::npos;
    constexpr std::size_t around_target = 32;  // method, version and spaces
    if (in_first_line && unfinished.size() > limits.max_target_bytes + around_target) {
        return refusal{414, "header_too_large", "the target is too long"};
    }
    if (unfinished.size() > limits.max_header_bytes) {
        return refusal{431, "header_too_large", "the header fields are too large"};
    }
    return std::nullopt;
}

std::variant<request_head, refusal> parse_head(std::string_view bytes,
                                               const server_config& limits) {
    request_head head;
    std::string_view rest = bytes;
    const std::string_view line = take_line(rest);
    auto no = read_request_line(line, limits, head);
    if (!no && bytes.size() > limits.max_header_bytes) {
        no = refusal{431, "header_too_large", "the header fields are too large"};
    }
    if (!no) {
        no = read_fields(rest, limits, head);
    }
    if (!no) {
        no = judge_host(head, limits);
    }
    if (!no) {
        no = judge_coding(head);
    }
    if (!no) {
        no = judge_length(head);
    }
    if (!no) {
        no = judge_connection(head);
    }
    if (no) {
        return *no;
    }
    return head;
}

}  // namespace kwq::net
