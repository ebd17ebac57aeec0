#include "bench/load_pool.hpp"

#include "net/answer_parser.hpp"
#include "net/server_url.hpp"
#include "net/wire_socket.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

namespace kwq::bench {

namespace {

constexpr std::size_t read_size = 256UL * 1024;
constexpr std::chrono::seconds longest_nap{1};

}  // namespace

struct load_pool::connection {
    net::wire_socket socket;
    std::size_t index = 0;
    std::string out;
    std::size_t sent = 0;
    bool wants_write = false;
    std::optional<net::answer_parser> parser;  // there while a request is out
    load_clock::time_point began;
};

load_pool::load_pool(const net::client_config& server, std::size_t connections)
    : server_(server), input_(read_size) {
    const auto url = net::parse_server_url(server.url);
    if (!url) {
        throw load_failure("the URL must be http://host:port/base");
    }
    host_ = url->host;
    port_ = url->port;
    base_ = url->base;
    fields_ = " HTTP/1.1\r\nHost: " + url->authority + "\r\nUser-Agent: kwq-bench\r\n";
    if (!server.token.empty()) {
        fields_ += "Authorization: Bearer " + server.token + "\r\n";
    }
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    for (std::size_t i = 0; i < connections; ++i) {
        auto c = std::make_unique<connection>();
        c->index = i;
        connect(*c);
        connections_.push_back(std::move(c));
    }
}

void load_pool::connect(connection& c) {
    const auto until = system_clock().monotonic() + server_.connect_timeout;
    if (const auto why = c.socket.connect(host_, port_, until); !why.empty()) {
        throw load_failure("cannot connect to " + host_ + ":" + port_ + ": " + why);
    }
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = c.index;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.socket.descriptor(), &e) != 0) {
        throw load_failure(std::string("epoll: ") + std::strerror(errno));
    }
}

load_pool::~load_pool() {
    ::close(epoll_);
}

bool load_pool::is_idle(std::size_t connection) const {
    return !connections_[connection]->parser.has_value();
}

void load_pool::post(std::size_t connection, std::string_view target, std::string_view body) {
    send(*connections_[connection], "POST ", target, body);
}

void load_pool::get(std::size_t connection, std::string_view target) {
    send(*connections_[connection], "GET ", target, {});
}

void load_pool::send(connection& c, std::string_view method, std::string_view target,
                     std::string_view body) {
    c.out.assign(method).append(base_).append(target).append(fields_);
    if (!body.empty()) {
        c.out.append("Content-Type: application/json\r\nContent-Length: ");
        c.out.append(std::to_string(body.size())).append("\r\n");
    }
    c.out.append("\r\n").append(body);
    c.sent = 0;
    c.parser.emplace(false);
    c.began = load_clock::now();
    ++busy_;
    flush(c);
}

void load_pool::flush(connection& c) {
    while (c.sent < c.out.size()) {
        const auto n = c.socket.send_some(std::string_view(c.out).substr(c.sent), {});
        if (n < 0) {
            throw load_failure("a connection broke while a request was sent");
        }
        if (n == 0) {
            break;
        }
        c.sent += static_cast<std::size_t>(n);
    }
    const bool wants_write = c.sent < c.out.size();
    if (wants_write != std::exchange(c.wants_write, wants_write)) {
        epoll_event e{};
        e.events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
        e.data.u64 = c.index;
        ::epoll_ctl(epoll_, EPOLL_CTL_MOD, c.socket.descriptor(), &e);
    }
}

void load_pool::wait(load_clock::time_point until, const answer_handler& on_answer) {
    std::array<epoll_event, 64> events{};
    const auto left =
        std::clamp<nanoseconds>(until - load_clock::now(), nanoseconds{0}, longest_nap);
    const timespec nap{.tv_sec = left / std::chrono::seconds{1},
                       .tv_nsec = (left % std::chrono::seconds{1}).count()};
    const int n =
        ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &nap, nullptr);
    for (int i = 0; i < n; ++i) {
        const auto& e = events[static_cast<std::size_t>(i)];
        connection& c = *connections_[e.data.u64];
        if ((e.events & EPOLLOUT) != 0) {
            flush(c);
        }
        if ((e.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            receive(c, on_answer);
        }
    }
}

load_pool::kept_answer load_pool::answer_of(std::size_t connection, load_clock::time_point until) {
    kept_answer out;
    while (!is_idle(connection)) {
        wait(until, [&out](const load_answer& a) { out = {a.status, std::string(a.body)}; });
        if (load_clock::now() > until && !is_idle(connection)) {
            throw load_failure("no answer in time (--give-up)");
        }
    }
    return out;
}

void load_pool::receive(connection& c, const answer_handler& on_answer) {
    const auto n = c.socket.receive_some(input_.data(), input_.size());
    if (n == -2) {
        return;  // nothing now
    }
    if (n == 0 && !c.parser) {
        connect(c);  // nothing was sent on it for so long that the server closed it
        return;
    }
    if (n <= 0 || !c.parser) {
        throw load_failure("the server closed a connection");
    }
    auto& answer = c.parser->answer();
    c.parser->feed({input_.data(), static_cast<std::size_t>(n)},
                   [&answer](std::string_view bytes) { answer.body.append(bytes); });
    if (c.parser->bad()) {
        throw load_failure("the answer is not HTTP");
    }
    if (!c.parser->done()) {
        return;
    }
    const auto took = load_clock::now() - c.began;
    if (!c.parser->reusable()) {
        throw load_failure("the server ends a connection: status " + std::to_string(answer.status));
    }
    const int status = answer.status;
    const std::string body = std::move(answer.body);
    c.parser.reset();
    --busy_;
    on_answer({c.index, status, body, took});
}

}  // namespace kwq::bench
