// The test's own socket.
#include "raw_client.hpp"

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kwq::net {

namespace {

constexpr int patience_ms = 5'000;

}  // namespace

raw_client::raw_client(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        throw std::runtime_error("cannot connect");
    }
}

raw_client::~raw_client() {
    if (socket_ >= 0) {
        ::close(socket_);
    }
}

void raw_client::send(std::string_view bytes) const {
    if (!try_send(bytes)) {
        throw std::runtime_error("cannot send");
    }
}

bool raw_client::try_send(std::string_view bytes) const {
    while (!bytes.empty()) {
        pollfd p{socket_, POLLOUT, 0};
        if (::poll(&p, 1, 1'000) <= 0) {
            return false;
        }
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool raw_client::read_more() {
    pollfd p{socket_, POLLIN, 0};
    if (::poll(&p, 1, patience_ms) <= 0) {
        got_ += "timed_out";
        return false;
    }
    std::array<char, 65'536> piece{};
    const auto got = ::recv(socket_, piece.data(), piece.size(), 0);
    if (got < 0) {
        got_ += "reset";
    }
    if (got <= 0) {
        return false;
    }
    got_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
}

std::string raw_client::read_all() {
    while (read_more()) {
    }
    return std::exchange(got_, {});
}

std::string raw_client::read_until(std::string_view text) {
    std::size_t at = got_.find(text);
    while (at == std::string::npos) {
        if (!read_more()) {
            return std::exchange(got_, {});
        }
        at = got_.find(text);
    }
    std::string out = got_.substr(0, at + text.size());
    got_.erase(0, at + text.size());
    return out;
}

std::string raw_client::read_answers(int count) {
    std::string all;
    for (int i = 0; i < count; ++i) {
        const std::string head = read_until("\r\n\r\n");
        all += head;
        const std::size_t at = head.find("Content-Length: ");
        const auto length =
            at == std::string::npos ? 0UL : std::strtoul(head.c_str() + at + 16, nullptr, 10);
        while (got_.size() < length && read_more()) {
        }
        all += got_.substr(0, length);
        got_.erase(0, std::min(length, got_.size()));
    }
    return all;
}

void raw_client::finish_sending() const {
    ::shutdown(socket_, SHUT_WR);
}

void raw_client::reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(socket_);
    socket_ = -1;
}

void raw_client::small_receive_buffer() const {
    const int size = 4'096;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

int status_of(std::string_view answer) {
    if (answer.substr(0, 9) != "HTTP/1.1 ") {
        return 0;
    }
    return std::atoi(std::string(answer.substr(9, 3)).c_str());
}

int count_of(std::string_view text, std::string_view what) {
    int count = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + what.size())) {
        ++count;
    }
    return count;
}

}  // namespace kwq::net
