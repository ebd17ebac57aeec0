// The blocking client: one exchange at a time, sending and reading at once.
#include "net/http_client.hpp"

#include "base/clock.hpp"
#include "net/answer_parser.hpp"
#include "net/server_url.hpp"
#include "net/wire_socket.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

namespace kwq::net {

namespace {

constexpr std::size_t max_answer = 256UL * 1024 * 1024;  // held in memory, so bounded
constexpr std::size_t max_line = 16UL * 1024 * 1024;
constexpr std::size_t read_size = 65'536;

void add_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    for (const char c : value) {  // a field cannot be broken out of
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7F) {
            out.push_back(c);
        }
    }
    out.append("\r\n");
}

/// Cuts a body into lines as it comes.
class line_cutter {
public:
    explicit line_cutter(const std::function<void(std::string_view)>& on_line)
        : on_line_(on_line) {}

    void add(std::string_view bytes) {
        while (true) {
            const std::size_t feed = bytes.find('\n');
            if (feed == std::string_view::npos) {
                break;
            }
            if (rest_.empty()) {
                on_line_(bytes.substr(0, feed));
            } else {
                rest_.append(bytes.substr(0, feed));
                on_line_(rest_);
                rest_.clear();
            }
            bytes.remove_prefix(feed + 1);
        }
        rest_.append(bytes);
    }
    void finish() {
        if (!rest_.empty()) {
            on_line_(std::exchange(rest_, {}));
        }
    }
    bool too_long() const { return rest_.size() > max_line; }

private:
    const std::function<void(std::string_view)>& on_line_;
    std::string rest_;
};

class posix_client final : public http_client {
public:
    explicit posix_client(const client_config& config)
        : config_(config), address_(parse_server_url(config.url)), input_(read_size, '\0') {}

    client_result request(std::string_view method, std::string_view target, std::string body,
                          const headers& more, std::chrono::milliseconds timeout) override {
        return run(method, make_request(method, target, body, more), body, timeout, nullptr);
    }

    client_result request_lines(std::string_view method, std::string_view target, std::string body,
                                const headers& more, std::chrono::milliseconds timeout,
                                const std::function<void(std::string_view)>& on_line) override {
        return run(method, make_request(method, target, body, more), body, timeout, &on_line);
    }

    void abort() override { socket_.wake(); }

private:
    using line_sink = const std::function<void(std::string_view)>*;

    struct exchange {
        std::string_view head;
        std::string_view body;
        mono_time deadline;
        bool head_only;
        line_sink on_line;
        std::size_t sent = 0;
        bool heard = false;  // a byte of the answer
    };

    std::string make_request(std::string_view method, std::string_view target,
                             std::string_view body, const headers& more) const {
        std::string out;
        if (!address_) {
            return out;
        }
        out.append(method).append(" ").append(address_->base).append(target);
        out.append(" HTTP/1.1\r\n");
        add_field(out, "Host", address_->authority);
        add_field(out, "User-Agent", "kwq");
        if (!config_.token.empty()) {
            add_field(out, "Authorization", "Bearer " + config_.token);
        }
        const bool typed = std::any_of(more.begin(), more.end(), [](const auto& h) {
            return h.first == "Content-Type" || h.first == "content-type";
        });
        if (!body.empty() && !typed) {
            add_field(out, "Content-Type", "application/json");
        }
        if (!body.empty() || (method != "GET" && method != "HEAD")) {
            add_field(out, "Content-Length", std::to_string(body.size()));
        }
        for (const auto& [name, value] : more) {
            add_field(out, name, value);
        }
        return out.append("\r\n");
    }

    client_result run(std::string_view method, const std::string& head, const std::string& body,
                      std::chrono::milliseconds timeout, line_sink on_line) {
        using kind = client_error::kind;
        if (!address_) {
            return client_error{kind::bad_url, "the URL must be http://host:port/base"};
        }
        const mono_time deadline = system_clock().monotonic() + timeout;
        for (int attempt = 0;; ++attempt) {
            if (auto why = be_connected(deadline)) {
                return *why;
            }
            exchange e{head, body, deadline, method == "HEAD", on_line};
            auto result = talk(e);
            if (result) {
                return result;
            }
            socket_.close();
            const bool again = result.error().what == kind::no_answer && !woken_ && !e.heard &&
                               (method == "GET" || e.sent == 0);
            if (!again || attempt > 0) {
                return result;
            }
        }
    }

    std::optional<client_error> be_connected(mono_time deadline) {
        woken_ = send_failed_ = false;
        if (socket_.is_open() && socket_.is_quiet()) {
            return std::nullopt;
        }
        const mono_time until =
            std::min(deadline, system_clock().monotonic() + config_.connect_timeout);
        const std::string why = socket_.connect(address_->host, address_->port, until);
        if (why.empty()) {
            return std::nullopt;
        }
        return client_error{client_error::kind::not_connected, address_->authority + ": " + why};
    }

    client_result talk(exchange& e) {
        answer_parser parser(e.head_only);
        std::optional<line_cutter> lines;
        if (e.on_line != nullptr) {
            lines.emplace(*e.on_line);
        }
        const auto on_body = [&](std::string_view bytes) {
            if (lines && parser.answer().status < 300) {
                lines->add(bytes);
            } else {
                parser.answer().body.append(bytes);
            }
        };
        using kind = client_error::kind;
        while (!parser.done()) {
            if (auto why = move_bytes(e, parser, on_body)) {
                return *why;
            }
            const bool large = parser.answer().body.size() > max_answer;
            if (parser.bad() || large || (lines && lines->too_long())) {
                return client_error{kind::bad_answer,
                                    large ? "the answer is too large" : "the answer is not HTTP"};
            }
        }
        if (lines) {
            lines->finish();
        }
        if (!parser.reusable() || e.sent < e.head.size() + e.body.size()) {
            socket_.close();
        }
        return std::move(parser.answer());
    }

    std::optional<client_error> move_bytes(exchange& e, answer_parser& parser,
                                           const answer_parser::body_sink& on_body) {
        using kind = client_error::kind;
        const bool unsent = !send_failed_ && e.sent < e.head.size() + e.body.size();
        const auto is = socket_.wait(unsent, e.deadline);
        if (is.what == wire_socket::outcome::timeout) {
            return client_error{kind::timeout, "no answer in time"};
        }
        if (is.what == wire_socket::outcome::woken) {
            woken_ = true;
            return client_error{kind::no_answer, "interrupted"};
        }
        if (is.writable && unsent) {
            send(e);
        }
        return is.readable ? receive(e, parser, on_body) : std::nullopt;
    }

    /// A server that refuses answers and stops reading: so when sending fails, what it said is
    /// still waited for.
    void send(exchange& e) {
        const std::size_t of_head = std::min(e.sent, e.head.size());
        const long sent =
            socket_.send_some(e.head.substr(of_head), e.body.substr(e.sent - of_head));
        send_failed_ = sent < 0;
        e.sent += sent > 0 ? static_cast<std::size_t>(sent) : 0;
    }

    std::optional<client_error> receive(exchange& e, answer_parser& parser,
                                        const answer_parser::body_sink& on_body) {
        const long got = socket_.receive_some(input_.data(), input_.size());
        if (got == -2) {
            return std::nullopt;
        }
        if (got > 0) {
            e.heard = true;
            parser.feed({input_.data(), static_cast<std::size_t>(got)}, on_body);
            return std::nullopt;
        }
        parser.end();
        if (parser.done()) {
            return std::nullopt;
        }
        return client_error{client_error::kind::no_answer, "the connection ended"};
    }

    const client_config config_;
    const std::optional<server_url> address_;
    wire_socket socket_;
    std::string input_;
    bool woken_ = false;
    bool send_failed_ = false;
};

}  // namespace

void throw_exception_from_error(const client_error& e, const boost::source_location&) {
    throw std::runtime_error("unchecked answer: " + e.detail);
}

std::unique_ptr<http_client> make_http_client(const client_config& config) {
    return std::make_unique<posix_client>(config);
}

}  // namespace kwq::net
