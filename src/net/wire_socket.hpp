// wire_socket: a TCP connection that waits no longer than it was told, and that another thread can
// interrupt. POSIX only. One thread at a time, but for wake().
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <string>
#include <string_view>

struct addrinfo;

namespace kwq::net {

class wire_socket {
public:
    enum class outcome : unsigned char { ready, timeout, woken };
    struct readiness {
        outcome what = outcome::ready;
        bool readable = false;  // also at the end of the connection
        bool writable = false;
    };

    wire_socket();
    ~wire_socket();
    wire_socket(const wire_socket&) = delete;
    wire_socket& operator=(const wire_socket&) = delete;

    /// Empty when connected, else why not. Tries each address of the name until `deadline`.
    std::string connect(const std::string& host, const std::string& port, mono_time deadline);
    bool is_open() const { return socket_ >= 0; }
    /// Its descriptor, for who waits for many at once; it never blocks. -1 when not connected.
    int descriptor() const { return socket_; }
    void close();
    /// Nothing has come and the other side has not closed: good for another request.
    bool is_quiet() const;

    readiness wait(bool for_writing, mono_time deadline);
    /// Bytes taken of both together; 0 if none now; -1 if the connection is broken.
    long send_some(std::string_view first, std::string_view then);
    /// Bytes read; 0 at the end of the connection; -1 if it is broken; -2 if none now.
    long receive_some(char* into, std::size_t room);

    /// Any thread: the wait under way, or else the next, returns woken, once.
    void wake();

private:
    std::string connect_one(const addrinfo& to, mono_time deadline);

    int socket_ = -1;
    int wake_ = -1;
};

}  // namespace kwq::net
