// The server that hangs up.
#include "scripted_socket.hpp"

#include <array>
#include <chrono>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kwq::net {

namespace {

/// False if told to stop before.
bool readable(int fd, int stop) {
    std::array<pollfd, 2> polled = {{{fd, POLLIN, 0}, {stop, POLLIN, 0}}};
    return ::poll(polled.data(), polled.size(), 5'000) > 0 && polled[1].revents == 0;
}

}  // namespace

scripted_socket::scripted_socket(std::vector<turn> turns)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&at), size);
    ::listen(listener_, 8);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this, all = std::move(turns)] { serve(all); });
}

scripted_socket::~scripted_socket() {
    ::eventfd_write(stop_, 1);
    thread_.join();
    ::close(listener_);
    ::close(stop_);
}

void scripted_socket::wait_until_closed(int connections) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(5), [&] { return closed_ >= connections; });
}

void scripted_socket::serve(const std::vector<turn>& turns) {
    std::vector<int> kept;
    for (const turn& t : turns) {
        if (!readable(listener_, stop_)) {
            break;
        }
        const int c = ::accept(listener_, nullptr, nullptr);
        ++accepted_;
        std::array<char, 4'096> head{};
        std::string got;
        while (got.find("\r\n\r\n") == std::string::npos && readable(c, stop_)) {
            const auto n = ::recv(c, head.data(), head.size(), 0);
            if (n <= 0) {
                break;
            }
            got.append(head.data(), static_cast<std::size_t>(n));
        }
        ::send(c, t.says.data(), t.says.size(), MSG_NOSIGNAL);
        if (!t.closes) {
            kept.push_back(c);
            continue;
        }
        ::close(c);
        const std::lock_guard lock(mutex_);
        ++closed_;
        changed_.notify_all();
    }
    for (const int c : kept) {
        ::close(c);
    }
}

}  // namespace kwq::net
