// HTTP as values: what the server hands to handlers and what they answer. No Asio or Beast here;
// those live in net's .cpp files only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::net {

/// A parsed request. Strict: the server has refused what reliability.md 4.3 and 4.4 refuse.
struct request {
    std::string method;  // upper case
    std::string target;  // as sent: path and query, still percent-encoded
    std::string path;    // percent-encoded, without the base path and the query; starts with '/'
    std::vector<std::pair<std::string, std::string>> query;    // percent-decoded, in order
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;
    std::string peer;  // address of the client, for logs and limits

    std::optional<std::string_view> header(std::string_view lower_case_name) const;
    std::optional<std::string_view> parameter(std::string_view name) const;
};

struct response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // besides what the server adds
    std::shared_ptr<const std::string> shared_body;  // instead of body: assets, shared by threads
    bool close = false;                              // close the connection after this answer
};

/// The other side of one request. Any thread; first call wins, later ones are dropped. Let go of
/// without an answer, it answers 500.
class responder {
public:
    virtual ~responder() = default;
    virtual void send(response r) = 0;
    /// Calls `gone` (on the server's thread, once) if the client goes before the answer is written
    /// in full: a long poll must not take work for nobody. Set before the handler returns. A client
    /// that only closes its sending side counts as gone. One that has pipelined 64 KiB of further
    /// requests is noticed only when the answer cannot be written.
    virtual void on_gone(std::function<void()> gone) = 0;
    /// Calls `written` (server's thread), once, with whether the whole answer reached the socket;
    /// also with false when send() comes after the client has gone. Set before send(). Neither
    /// closure may hold the responder: they would keep each other alive.
    virtual void on_written(std::function<void(bool ok)> written) = 0;
    /// Any thread: runs `f` later on the thread that writes the answer; drops it once the server
    /// has stopped.
    virtual void post(std::function<void()> f) = 0;
};
using responder_ptr = std::shared_ptr<responder>;

/// A body that is read and answered piece by piece (bulk submit). The server reads under
/// back-pressure: the next piece (64 KiB at most) only after `more()`, and only while less than 1
/// MiB of the answer is unsent. The first piece comes without being asked for; `on_end` right after
/// the last one. Any thread may call; a stream whose responder is let go before end() is cut.
class stream_responder {
public:
    virtual ~stream_responder() = default;
    /// Sends the head (chunked, or close-delimited for HTTP/1.0), without the body of `head`. Once.
    virtual void begin(response head) = 0;
    void begin(int status, std::string content_type) {
        response head;
        head.status = status;
        head.content_type = std::move(content_type);
        begin(std::move(head));
    }
    virtual void write(std::string bytes) = 0;
    virtual void more() = 0;  // ready for the next piece of the body
    virtual void end() = 0;   // the answer is complete
    /// Instead of begin(): an ordinary answer; the connection closes if body is left unread.
    virtual void refuse(response r) = 0;
    /// Bytes written by the handler that the client has not taken yet.
    virtual std::size_t unsent() const = 0;
};
using stream_responder_ptr = std::shared_ptr<stream_responder>;

/// What a handler of a streamed body gets called with. Server's thread.
struct body_stream {
    std::function<void(std::string piece)> on_piece;
    std::function<void()> on_end;   // the whole body has been read
    std::function<void()> on_gone;  // the client went, or broke a limit
};

/// What the server asks of the routes. All calls on a server thread; none may block.
class request_handler {
public:
    virtual ~request_handler() = default;

    /// Asked once the head is read, before any of the body. `max_body` bytes are then buffered and
    /// handle() called; or `streamed` and open_stream() called; or `refuse` sent.
    struct admission {
        std::size_t max_body = 0;
        bool streamed = false;
        std::optional<response> refuse;
        bool yields = false;  // others go first; under too much load it is answered 503
    };
    virtual admission admit(const request& head) = 0;

    virtual void handle(request r, responder_ptr to) = 0;
    virtual body_stream open_stream(request head, stream_responder_ptr to) = 0;
    /// The body of an answer to a request that never reached a route (malformed, too large, slow):
    /// status and a sentence in, problem+json out.
    virtual response problem(int status, std::string_view code, std::string detail) = 0;
};

struct server_config {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;  // 0: any free one
    std::string base_path;      // "" or "/kwq-behind-proxy": stripped; requests outside it get 404
    std::vector<std::string> allowed_hosts;  // Host values without port; empty: any
    int threads = 1;
    std::size_t max_connections = 10'000;
    std::size_t max_connections_per_peer = 0;  // 0: no limit
    std::size_t max_header_bytes = 8'192;
    std::size_t max_header_fields = 64;
    std::size_t max_target_bytes = 4'096;
    std::uint32_t max_requests_per_connection = 1'000'000;
    std::chrono::milliseconds header_timeout{5'000};  // from the first byte, absolute
    std::chrono::milliseconds body_timeout{10'000};   // plus 1 s for each 64 KiB of Content-Length
    std::chrono::milliseconds stream_stall_timeout{30'000};  // streamed body: without any progress
    std::chrono::milliseconds idle_timeout{60'000};
    std::chrono::milliseconds write_stall_timeout{10'000};
};

struct server_counters {  // snapshot, any thread
    std::uint64_t connections_open = 0;
    std::uint64_t connections_total = 0;
    std::uint64_t connections_refused = 0;
    std::uint64_t requests_total = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
};

class server {
public:
    virtual ~server() = default;
    /// The port in use (asked for 0: the one found).
    virtual std::uint16_t port() const = 0;
    virtual server_counters counters() const = 0;
    /// Stops accepting, answers what is in flight (handlers may still send) until `grace` is over,
    /// then closes what is left. Blocks; not from a server thread. Idempotent.
    virtual void stop(std::chrono::milliseconds grace) = 0;
};

/// Listens and serves until stop(). `handler` must outlive it. Throws std::runtime_error that names
/// address and reason when it cannot listen.
std::unique_ptr<server> start_server(const server_config& config, request_handler& handler);

/// Percent-decodes; nothing if a % is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
std::string percent_encode(std::string_view text);  // everything but unreserved characters

}  // namespace kwq::net
