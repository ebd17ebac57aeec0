// Reads an HTTP/1.1 answer as its bytes come in: head, then a body by Content-Length, in chunks, or
// up to the end of the connection. No sockets; no thread.
#pragma once

#include "net/http_client.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace kwq::net {

class answer_parser {
public:
    using body_sink = std::function<void(std::string_view)>;

    explicit answer_parser(bool head_only) : head_only_(head_only) {}

    /// Takes bytes and hands those of the body on. What comes after the answer is left alone and
    /// means that the connection cannot be used again.
    void feed(std::string_view bytes, const body_sink& on_body);
    /// The connection has ended. done() afterwards if the answer was one that ends so.
    void end();

    bool done() const { return at_ == place::done; }
    bool bad() const { return at_ == place::bad; }
    bool head_done() const { return at_ > place::head; }
    bool reusable() const { return done() && keep_alive_ && !extra_; }
    client_answer& answer() { return answer_; }

private:
    enum class place : unsigned char {
        head,
        length_body,
        chunk_size,
        chunk_data,
        chunk_end,
        trailers,
        until_close,
        done,
        bad,
    };
    bool step(std::string_view& bytes, const body_sink& on_body);
    bool take_line(std::string_view& bytes, std::size_t longest);
    void on_head_line();
    void on_status_line();
    void on_field_line();
    void on_head_end();
    void on_chunk_size();
    void take_body(std::string_view& bytes, const body_sink& on_body);

    const bool head_only_;
    place at_ = place::head;
    bool first_line_ = true;
    bool keep_alive_ = true;
    bool chunked_ = false;
    bool has_length_ = false;
    bool extra_ = false;
    std::uint64_t left_ = 0;
    std::size_t head_bytes_ = 0;
    std::string line_;
    client_answer answer_;
};

}  // namespace kwq::net
