// session: one run of a client command: the server it talks to, and how it speaks to its user.
// Data goes to standard output, everything else to standard error.
#pragma once

#include "base/clock.hpp"
#include "cli/failure.hpp"
#include "codec/json.hpp"
#include "net/http_client.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace kwq::cli {

/// What every client command takes.
struct client_options {
    std::string url;  // empty: KWQ_URL, else http://127.0.0.1:8080
    std::string token_file;
    bool json = false;
    bool quiet = false;
};

struct call {
    std::string_view method = "GET";
    std::string target;  // below /kwq/v1, percent-encoded: "/jobs?limit=5"
    std::string body;    // JSON, unless content_type says otherwise
    std::string idempotency_key;
    std::string content_type = "application/json";
    milliseconds timeout{15'000};  // besides what the target's own wait_s asks for
};

struct reply {
    std::string body;  // as the server sent it
    codec::json_document document;

    const codec::json_value& root() const { return document.root(); }
};

class session {
public:
    /// Reads the token; connects at the first call. The reason when url or token file are no good.
    static outcome<session> open(const client_options& options);

    const client_options& options() const { return options_; }
    bool json() const { return options_.json; }
    const net::client_config& server() const { return server_; }

    /// A 2xx answer, parsed; any other one and every failure to get one as a failure.
    outcome<reply> ask(const call& c);
    /// The same for an answer in lines: `on_line` sees each as it comes.
    outcome<void> ask_lines(const call& c, const std::function<void(std::string_view)>& on_line);

    /// Data, on standard output.
    void print(std::string_view text);
    /// With --json: the answer's body unchanged, as one line.
    void print_json(const reply& r);
    /// A remark for a person, on standard error, unless --quiet.
    void say(std::string_view line);

private:
    session(client_options options, net::client_config server);
    net::http_client& connection();
    failure unreachable(const net::client_error& e) const;

    client_options options_;
    net::client_config server_;
    std::unique_ptr<net::http_client> connection_;
};

/// What an answer that is not 2xx means: exit code by status, message from problem+json.
failure failure_of(int status, const std::string& body);
/// First line of the file, without white space around it.
outcome<std::string> read_token(const std::string& path);

}  // namespace kwq::cli
