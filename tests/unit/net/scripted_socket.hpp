// scripted_socket: a server that accepts, reads a head, says what it was told to and hangs up.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kwq::net {

class scripted_socket {
public:
    struct turn {
        std::string says;
        bool closes = true;  // else keeps the connection until the end
    };
    /// One turn for each connection; after the last it listens no more.
    explicit scripted_socket(std::vector<turn> turns);
    ~scripted_socket();
    scripted_socket(const scripted_socket&) = delete;
    scripted_socket& operator=(const scripted_socket&) = delete;

    std::uint16_t port() const { return port_; }
    int accepted() const { return accepted_; }
    void wait_until_closed(int connections);

private:
    void serve(const std::vector<turn>& turns);

    int listener_ = -1;
    int stop_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> accepted_{0};
    std::mutex mutex_;
    std::condition_variable changed_;
    int closed_ = 0;
    std::thread thread_;
};

}  // namespace kwq::net
