// Streamed exchanges: the body goes to the handler in pieces, as fast as it asks for them, while
// its answer is written.
#include "net/response_head.hpp"
#include "net/session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <utility>

namespace kwq::net {

namespace {

constexpr std::size_t max_piece = 65'536;
/// No further piece is given while the client leaves so much of the answer unread: what it does not
/// take must not pile up here.
constexpr std::size_t max_unsent = 1'048'576;

/// As answer_ticket, for streams. Shared ownership, for the same reason: it may outlive the
/// connection.
class stream_ticket final : public stream_responder {
public:
    stream_ticket(std::shared_ptr<void> owner, session& of, std::uint64_t turn,
                  std::shared_ptr<stream_output> output)
        : owner_(std::move(owner)), session_(of), turn_(turn), output_(std::move(output)) {}
    ~stream_ticket() override {
        run([](session& s, std::uint64_t turn) { s.stream_drop(turn); });
    }
    stream_ticket(const stream_ticket&) = delete;
    stream_ticket& operator=(const stream_ticket&) = delete;

    using stream_responder::begin;
    void begin(response head) override {
        run([head = std::move(head)](session& s, std::uint64_t turn) mutable {
            s.stream_begin(turn, std::move(head));
        });
    }
    void write(std::string bytes) override {
        output_->unsent += bytes.size();
        run([bytes = std::move(bytes)](session& s, std::uint64_t turn) mutable {
            s.stream_write(turn, std::move(bytes));
        });
    }
    void more() override {
        run([](session& s, std::uint64_t turn) { s.stream_more(turn); });
    }
    void end() override {
        run([](session& s, std::uint64_t turn) { s.stream_end(turn); });
    }
    void refuse(response r) override {
        run([r = std::move(r)](session& s, std::uint64_t turn) mutable {
            s.stream_refuse(turn, std::move(r));
        });
    }
    std::size_t unsent() const override { return output_->unsent; }

private:
    template <class Do>
    void run(Do what) {
        if (session_.host().is_current_thread()) {
            what(session_, turn_);
            return;
        }
        session_.host().post([keep = owner_, s = &session_, turn = turn_,
                              what = std::move(what)]() mutable { what(*s, turn); });
    }

    const std::shared_ptr<void> owner_;  // an answer from another thread finds its session
    session& session_;
    const std::uint64_t turn_;
    const std::shared_ptr<stream_output> output_;  // shared with the session
};

std::string chunk_head(std::size_t size) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    return std::string(digits.data(), end) + "\r\n";
}

}  // namespace

void session::open_stream() {
    phase_ = phase::streaming;
    stream_.emplace();
    // Shared: the handler may ask how much is unsent after the session has closed.
    stream_->output = std::make_shared<stream_output>();
    auto ticket = std::make_shared<stream_ticket>(below_.owner(), *this, turn_, stream_->output);
    stream_->to = context_.handler.open_stream(std::move(head_.asked), std::move(ticket));
}

bool session::waits_for_client() const {
    return writing_ || (body_left_ > 0 && stream_->wants_piece);
}

bool session::step_stream() {
    const bool flushed = flush_stream();
    if (stream_->ended && stream_->last_sent && !writing_) {
        skip_unread_body();
        finish_answer();
        return true;
    }
    bool given = false;
    try {
        given = give_piece();
    } catch (const std::exception&) {
        lose();
        return false;
    }
    return flushed || given;
}

bool session::give_piece() {
    if (stream_->ended || stream_->told_end) {
        return false;
    }
    bool given = false;
    const bool room = stream_->output->unsent < max_unsent;
    if (stream_->wants_piece && room && body_left_ > 0 && begin_ < end_) {
        const std::size_t most = std::min(end_ - begin_, max_piece);
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(most, body_left_));
        std::string piece(unread().substr(0, size));
        consume(size);
        body_left_ -= size;
        stream_->wants_piece = false;
        given = true;
        if (stream_->to.on_piece) {
            stream_->to.on_piece(std::move(piece));
        }
    }
    if (body_left_ == 0 && phase_ == phase::streaming) {
        stream_->told_end = true;
        given = true;
        if (stream_->to.on_end) {
            stream_->to.on_end();
        }
    }
    return given;
}

/// Hands all that the handler has written since the last time to the socket, as one chunk.
bool session::flush_stream() {
    auto& s = *stream_;
    const bool something = !s.head_sent || !s.pending.empty() || (s.ended && !s.last_sent);
    if (writing_ || !s.begun || !something) {
        return false;
    }
    const bool chunked = head_.minor_version == 1 && has_body(s.head.status);
    close_after_ = close_after_ || !chunked || draining_;
    out_head_.clear();
    out_tail_.clear();
    if (!std::exchange(s.head_sent, true)) {
        if (s.ended && body_left_ > 0) {
            skip_unread_body();
        }
        answer_framing framing;
        framing.minor_version = head_.minor_version;
        framing.keep_alive = !close_after_;
        framing.date = host_.date();
        out_head_ = response_head(s.head, framing);
    }
    out_body_ = std::exchange(s.pending, {});
    s.in_flight = out_body_.size();
    if (chunked && !out_body_.empty() && !head_.head_only) {
        out_head_ += chunk_head(out_body_.size());
        out_tail_ = "\r\n";
    }
    if (s.ended) {
        out_tail_ += chunked ? "0\r\n\r\n" : "";
        s.last_sent = true;
    }
    const std::string_view tail = head_.head_only ? std::string_view() : out_tail_;
    send({out_head_, head_.head_only ? std::string_view() : out_body_, tail});
    return true;
}

void session::stream_begin(std::uint64_t turn, response head) {
    if (turn == turn_ && phase_ == phase::streaming && !stream_->begun) {
        stream_->begun = true;
        stream_->head = std::move(head);
        advance();
    }
}

void session::stream_write(std::uint64_t turn, std::string bytes) {
    if (turn == turn_ && phase_ == phase::streaming && !stream_->ended) {
        if (!waits_for_client()) {
            deadline_ = host_.now() + context_.config.stream_stall_timeout;
        }
        stream_->pending += bytes;
        advance();
    }
}

void session::stream_more(std::uint64_t turn) {
    if (turn == turn_ && phase_ == phase::streaming) {
        if (!waits_for_client()) {
            deadline_ = host_.now() + context_.config.stream_stall_timeout;
        }
        stream_->wants_piece = true;
        advance();
    }
}

void session::stream_end(std::uint64_t turn) {
    if (turn == turn_ && phase_ == phase::streaming && stream_->begun) {
        stream_->ended = true;
        advance();
    }
}

void session::stream_refuse(std::uint64_t turn, response r) {
    if (turn == turn_ && phase_ == phase::streaming && !stream_->begun) {
        phase_ = phase::waiting;
        deadline_ = mono_time::max();
        answered_ = true;
        answer_ = std::move(r);
        advance();
    }
}

/// Nobody is left who could end the answer: cut it, so that the client does not take it for whole.
void session::stream_drop(std::uint64_t turn) {
    if (turn == turn_ && phase_ == phase::streaming && !stream_->ended) {
        broken_ = true;
        advance();
    }
}

}  // namespace kwq::net
