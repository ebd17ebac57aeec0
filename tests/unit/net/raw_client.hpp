// raw_client: a socket that sends exactly the bytes it is told, for what a proper client never
// does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kwq::net {

/// The least request there is.
inline const std::string get = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

class raw_client {
public:
    explicit raw_client(std::uint16_t port);
    ~raw_client();
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;

    void send(std::string_view bytes) const;
    /// False if the other side has closed, or takes no more within a second.
    bool try_send(std::string_view bytes) const;
    /// Everything until the server closes, or five seconds have passed (then `timed_out` is added).
    std::string read_all();
    /// Until `count` answers with a Content-Length have come in full.
    std::string read_answers(int count);
    /// Until the text has come in.
    std::string read_until(std::string_view text);
    void finish_sending() const;
    void reset();  // closes with RST
    void small_receive_buffer() const;

private:
    bool read_more();

    int socket_ = -1;
    std::string got_;
};

/// The number after "HTTP/1.1 " at the start; 0 if there is none.
int status_of(std::string_view answer);
int count_of(std::string_view text, std::string_view what);

}  // namespace kwq::net
