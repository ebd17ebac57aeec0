// The system calls below the client.
#include "net/wire_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace kwq::net {

namespace {

int wait_ms(mono_time deadline) {
    const auto left = (deadline - system_clock().monotonic()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

std::string reason(int error) {
    return std::generic_category().message(error);
}

}  // namespace

wire_socket::wire_socket() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (wake_ < 0) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
}

wire_socket::~wire_socket() {
    close();
    ::close(wake_);
}

void wire_socket::close() {
    if (socket_ >= 0) {
        ::close(socket_);
        socket_ = -1;
    }
}

bool wire_socket::is_quiet() const {
    char byte = 0;
    const auto got = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string wire_socket::connect_one(const addrinfo& to, mono_time deadline) {
    socket_ = ::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, to.ai_protocol);
    if (socket_ < 0) {
        return reason(errno);
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, to.ai_addr, to.ai_addrlen) == 0) {
        return {};
    }
    if (errno != EINPROGRESS) {
        return reason(errno);
    }
    const readiness is = wait(true, deadline);
    if (is.what != outcome::ready) {
        return is.what == outcome::timeout ? "timed out" : "interrupted";
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? std::string() : reason(error);
}

std::string wire_socket::connect(const std::string& host, const std::string& port,
                                 mono_time deadline) {
    close();
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found);
    if (failed != 0) {
        return ::gai_strerror(failed);
    }
    std::string why = "no address";
    for (const addrinfo* to = found; to != nullptr && !why.empty(); to = to->ai_next) {
        why = connect_one(*to, deadline);
        if (!why.empty()) {
            close();
        }
    }
    ::freeaddrinfo(found);
    return why;
}

wire_socket::readiness wire_socket::wait(bool for_writing, mono_time deadline) {
    const auto wanted = static_cast<short>(for_writing ? POLLIN | POLLOUT : POLLIN);
    while (true) {
        std::array<pollfd, 2> polled = {{{socket_, wanted, 0}, {wake_, POLLIN, 0}}};
        const int ready = ::poll(polled.data(), polled.size(), wait_ms(deadline));
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            return {outcome::timeout, false, false};
        }
        if (polled[1].revents != 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] const auto taken = ::read(wake_, &count, sizeof count);
            return {outcome::woken, false, false};
        }
        const int seen = polled[0].revents;
        return {outcome::ready, (seen & ~POLLOUT) != 0, (seen & POLLOUT) != 0};
    }
}

long wire_socket::send_some(std::string_view first, std::string_view then) {
    std::array<iovec, 2> parts = {{{const_cast<char*>(first.data()), first.size()},
                                   {const_cast<char*>(then.data()), then.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const auto sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
        return sent;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

long wire_socket::receive_some(char* into, std::size_t room) {
    const auto got = ::recv(socket_, into, room, MSG_DONTWAIT);
    if (got >= 0) {
        return got;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -2 : -1;
}

void wire_socket::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

}  // namespace kwq::net
