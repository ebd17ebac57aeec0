// session: what one connection is doing, as a state machine without sockets. Bytes come in, values
// go to the handler, bytes go out; the socket is a `transport`, time and posting a `session_host`.
//
// One request at a time: the next one is read only from the buffer (64 KiB at most, so a client may
// pipeline, at its own cost) and looked at once the answer before it is written.
// All members on the host's thread, but what says otherwise.
#pragma once

#include "base/clock.hpp"
#include "net/http.hpp"
#include "net/request_head.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kwq::net {

/// The socket below a session. At most one read and one write at a time.
class transport {
public:
    virtual ~transport() = default;
    /// Ends in on_read(), on_read_end(), or nothing after close().
    virtual void read(char* into, std::size_t room) = 0;
    /// Ends in on_written() after any number of on_progress(), or on_broken(), or nothing after
    /// close(). The bytes stay where they are until then.
    virtual void write(const std::array<std::string_view, 3>& parts) = 0;
    virtual void finish_sending() = 0;
    /// No further call comes back.
    virtual void close() = 0;
    /// Keeps the session alive, for those who answer later from another thread.
    virtual std::shared_ptr<void> owner() = 0;
};

/// The thread that sessions live on.
class session_host {
public:
    virtual ~session_host() = default;
    /// Any thread. Dropped once the server has stopped.
    virtual void post(std::function<void()> f) = 0;
    virtual bool is_current_thread() const = 0;
    virtual mono_time now() const = 0;
    virtual std::string_view date() = 0;
    /// Calls `go` once, later, when requests that do not yield have had their turn: with true, or
    /// with false when there is no time for it (waiting_line.hpp).
    virtual void stand_in_line(std::function<void(bool served)> go) = 0;
    /// Calls `go` once, after about half a second: a client that is turned away and does not heed
    /// Retry-After then costs next to nothing, and many do not come back all at once.
    virtual void hold(std::function<void()> go) = 0;
    /// One that was served has its answer, or nobody waits for it any more.
    virtual void leave_line(mono_time served_at) = 0;
};

struct atomic_counters {
    std::atomic<std::uint64_t> open{0};
    std::atomic<std::uint64_t> total{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> bytes_in{0};
    std::atomic<std::uint64_t> bytes_out{0};
};

/// What all sessions of a server share. Outlives them.
struct session_context {
    const server_config& config;
    request_handler& handler;
    atomic_counters& counters;
};

struct stream_output {
    std::atomic<std::size_t> unsent{0};  // any thread
};

/// A streamed exchange under way.
struct streaming_state {
    body_stream to;
    std::shared_ptr<stream_output> output;  // shared with the handler's side
    response head;
    bool wants_piece = true;
    bool told_end = false;
    bool begun = false;
    bool head_sent = false;
    bool ended = false;
    bool last_sent = false;
    std::string pending;  // written by the handler, not yet handed to the socket
    std::size_t in_flight = 0;
};

class session {
public:
    session(const session_context& context, session_host& host, transport& below, std::string peer);

    void start();
    void on_read(std::size_t bytes);
    void on_read_end();
    void on_progress(std::size_t bytes);
    void on_written();
    void on_broken();
    /// Called every so often: deadlines are looked at here and nowhere else.
    void sweep(mono_time now);
    /// The server stops: idle connections close at once, others after the answer under way.
    void drain();
    /// At once, whatever is under way.
    void abort();

    // what a responder does (session_answer.cpp); `turn` tells answers to earlier requests apart
    void answer(std::uint64_t turn, response r);
    void drop(std::uint64_t turn);
    void set_gone(std::uint64_t turn, std::function<void()> gone);
    void set_written(std::uint64_t turn, std::function<void(bool)> written);

    // what a stream_responder does (session_stream.cpp)
    void stream_begin(std::uint64_t turn, response head);
    void stream_write(std::uint64_t turn, std::string bytes);
    void stream_more(std::uint64_t turn);
    void stream_end(std::uint64_t turn);
    void stream_refuse(std::uint64_t turn, response r);
    void stream_drop(std::uint64_t turn);

    session_host& host() { return host_; }

private:
    enum class phase : unsigned char {
        head,       // between requests, or in the middle of a head
        body,       // reading a body that is handed over whole
        waiting,    // the handler has the request
        answering,  // the answer is being written
        streaming,  // body and answer in pieces
        lingering,  // all said; reading on so that the client gets to see it
        closed,
    };

    // session.cpp: reading
    void advance();
    bool step();
    bool read_head();
    void begin_request(request_head head);
    void admit();
    void accept_body(bool streamed);
    bool read_body();
    void hand_over();
    void handle();
    void turn_away();
    void leave_line();
    bool linger();
    void keep_reading();
    std::string_view unread() const;
    void consume(std::size_t bytes);
    void refuse(const refusal& why);
    void lose();
    void close();
    void tell_gone();
    void next_request();
    bool on_expired();
    bool is_finishing() const;

    // session_answer.cpp
    void start_answer(response r);
    void send(std::array<std::string_view, 3> parts);
    void finish_answer();
    void tell_written(bool ok);
    void skip_unread_body();
    responder_ptr make_responder();

    // session_stream.cpp
    void open_stream();
    bool step_stream();
    bool give_piece();
    bool flush_stream();
    bool waits_for_client() const;

    // set once
    const session_context& context_;
    session_host& host_;
    transport& below_;
    const std::string peer_;

    // the connection
    phase phase_ = phase::head;
    bool entered_ = false;
    bool again_ = false;
    bool draining_ = false;
    bool reading_ = false;
    bool writing_ = false;
    bool input_ended_ = false;
    bool broken_ = false;
    bool expired_ = false;
    std::uint64_t requests_ = 0;
    mono_time deadline_;
    std::size_t discarded_ = 0;

    // input: [begin_, end_) of buffer_ is read and not consumed
    std::string buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    head_end_finder finder_;

    // the request under way
    std::uint64_t turn_ = 0;
    request_head head_;
    std::uint64_t body_left_ = 0;  // not yet taken from the buffer
    bool yields_ = false;
    std::optional<mono_time> served_at_;  // of the line; there until it has its answer
    bool held_ = false;                   // the answer waits for the host
    bool answered_ = false;
    std::function<void()> gone_;
    std::function<void(bool)> written_;
    std::optional<response> answer_;
    std::optional<streaming_state> stream_;

    // output under way
    std::string out_head_;
    std::string out_body_;
    std::shared_ptr<const std::string> out_shared_;  // as in response: assets, shared by threads
    std::string out_tail_;
    bool close_after_ = false;
};

}  // namespace kwq::net
