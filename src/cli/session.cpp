// session: see the header.
#include "cli/session.hpp"

#include "cli/fields.hpp"
#include "cli/terminal.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace kwq::cli {

namespace {

constexpr const char* default_url = "http://127.0.0.1:8080";
const std::vector<std::string_view> opaque_fields{"payload", "result", "progress"};

std::string from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

exit_code code_of(int status) {
    switch (status) {
        case 404: return exit_code::not_found;
        case 409: return exit_code::conflict;
        case 408:
        case 504: return exit_code::timeout;
        default: return exit_code::error;
    }
}

}  // namespace

void throw_exception_from_error(const failure& e, const boost::source_location&) {
    throw std::runtime_error(e.message);
}

failure failure_of(int status, const std::string& body) {
    failure out{code_of(status), "", status == 429 || status >= 500, ""};
    const auto problem = codec::json_document::parse(body);
    if (problem && problem->root().is_object()) {
        out.server_code = text_field(problem->root(), "code");
        out.message = text_field(problem->root(), "detail");
        if (out.message.empty()) {
            out.message = text_field(problem->root(), "title");
        }
        for (const auto& error : array_field(problem->root(), "errors")) {
            out.message += " (" + text_field(error, "pointer") + ")";
        }
    }
    if (out.message.empty()) {
        out.message = "the server answered " + std::to_string(status);
    }
    if (out.server_code == "tracker_behind") {
        out.code = exit_code::timeout;
    }
    if (status == 401 && out.server_code.empty()) {
        out.message += ": a token is needed, see --token-file";
    }
    return out;
}

outcome<std::string> read_token(const std::string& path) {
    std::ifstream in(path);
    std::string token;
    if (!in || !std::getline(in, token)) {
        return failure{exit_code::error, "token file " + path + " cannot be read, or is empty"};
    }
    const auto first = token.find_first_not_of(" \t\r");
    const auto last = token.find_last_not_of(" \t\r");
    return first == std::string::npos ? "" : token.substr(first, last - first + 1);
}

session::session(client_options options, net::client_config server)
    : options_(std::move(options)), server_(std::move(server)) {}

outcome<session> session::open(const client_options& options) {
    net::client_config server;
    server.url = !options.url.empty() ? options.url : from_environment("KWQ_URL");
    if (server.url.empty()) {
        server.url = default_url;
    }
    const std::string path =
        !options.token_file.empty() ? options.token_file : from_environment("KWQ_TOKEN_FILE");
    if (!path.empty()) {
        auto token = read_token(path);
        if (!token) {
            return token.error();
        }
        server.token = *token;
    }
    return session(options, std::move(server));
}

net::http_client& session::connection() {
    if (!connection_) {
        connection_ = net::make_http_client(server_);
    }
    return *connection_;
}

failure session::unreachable(const net::client_error& e) const {
    using kind = net::client_error::kind;
    const std::string where = "the server at " + server_.url;
    switch (e.what) {
        case kind::bad_url: return usage_failure("--url " + server_.url + ": " + e.detail);
        case kind::not_connected:
            return {exit_code::error,
                    "cannot reach " + where + ": " + e.detail + " (is `kwq serve` running there?)",
                    true, ""};
        case kind::no_answer:
            return {exit_code::error, where + " went away before it answered: " + e.detail, true,
                    ""};
        case kind::timeout:
            return {exit_code::timeout, where + " did not answer in time", true, ""};
        case kind::bad_answer: break;
    }
    return {exit_code::error, where + " does not answer as KWQ does: " + e.detail};
}

outcome<reply> session::ask(const call& c) {
    net::http_client::headers headers;
    if (!c.body.empty()) {
        headers.emplace_back("Content-Type", c.content_type);
    }
    if (!c.idempotency_key.empty()) {
        headers.emplace_back("Idempotency-Key", c.idempotency_key);
    }
    auto answer = connection().request(c.method, "/kwq/v1" + c.target, c.body, headers, c.timeout);
    if (!answer) {
        return unreachable(answer.error());
    }
    if (answer->status < 200 || answer->status > 299) {
        return failure_of(answer->status, answer->body);
    }
    auto document = codec::json_document::parse(answer->body, opaque_fields);
    if (!document) {
        return failure{exit_code::error,
                       "the server at " + server_.url +
                           " answered something that is not JSON: " + document.error().detail};
    }
    return reply{std::move(answer->body), std::move(*document)};
}

outcome<void> session::ask_lines(const call& c,
                                 const std::function<void(std::string_view)>& on_line) {
    const net::http_client::headers headers{{"Content-Type", c.content_type}};
    const auto answer = connection().request_lines(c.method, "/kwq/v1" + c.target, c.body, headers,
                                                   c.timeout, on_line);
    if (!answer) {
        return unreachable(answer.error());
    }
    if (answer->status < 200 || answer->status > 299) {
        return failure_of(answer->status, answer->body);
    }
    return {};
}

void session::print(std::string_view text) {
    write_stdout(text);
}

void session::print_json(const reply& r) {
    write_stdout(r.body);
    if (!r.body.ends_with('\n')) {
        write_stdout("\n");
    }
}

void session::say(std::string_view line) {
    if (!options_.quiet) {
        write_stderr(std::string(line) + "\n");
    }
}

}  // namespace kwq::cli
