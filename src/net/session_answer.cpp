// The writing side of a session, and the responder that handlers hold.
#include "net/response_head.hpp"
#include "net/session.hpp"

#include <memory>
#include <utility>

namespace kwq::net {

namespace {

constexpr milliseconds linger_time{2'000};

/// What the handler holds. It keeps the session's owner alive, so an answer from another thread
/// always finds it; a closed session drops the answer. Dropped itself without an answer, it answers
/// 500, so that no client waits for ever for a mistake of ours.
class answer_ticket final : public responder {
public:
    answer_ticket(std::shared_ptr<void> owner, session& of, std::uint64_t turn)
        : owner_(std::move(owner)), session_(of), turn_(turn) {}
    ~answer_ticket() override {
        if (!sent_.exchange(true)) {
            run([](session& s, std::uint64_t turn) { s.drop(turn); });
        }
    }
    answer_ticket(const answer_ticket&) = delete;
    answer_ticket& operator=(const answer_ticket&) = delete;

    void send(response r) override {
        if (!sent_.exchange(true)) {
            run([r = std::move(r)](session& s, std::uint64_t turn) mutable {
                s.answer(turn, std::move(r));
            });
        }
    }
    void on_gone(std::function<void()> gone) override {
        run([gone = std::move(gone)](session& s, std::uint64_t turn) mutable {
            s.set_gone(turn, std::move(gone));
        });
    }
    void on_written(std::function<void(bool)> written) override {
        run([written = std::move(written)](session& s, std::uint64_t turn) mutable {
            s.set_written(turn, std::move(written));
        });
    }
    void post(std::function<void()> f) override { session_.host().post(std::move(f)); }

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

    const std::shared_ptr<void> owner_;  // see the class comment
    session& session_;
    const std::uint64_t turn_;
    std::atomic<bool> sent_{false};
};

}  // namespace

responder_ptr session::make_responder() {
    return std::make_shared<answer_ticket>(below_.owner(), *this, turn_);
}

void session::answer(std::uint64_t turn, response r) {
    if (turn != turn_ || answered_) {
        return;
    }
    answered_ = true;
    if (phase_ == phase::closed) {
        tell_written(false);
        return;
    }
    answer_ = std::move(r);
    advance();
}

void session::drop(std::uint64_t turn) {
    if (turn == turn_ && !answered_ && phase_ == phase::waiting) {
        answer(turn, context_.handler.problem(500, "internal", "the request was not answered"));
    }
}

void session::set_gone(std::uint64_t turn, std::function<void()> gone) {
    if (turn == turn_ && phase_ != phase::closed) {
        gone_ = std::move(gone);
    }
}

void session::set_written(std::uint64_t turn, std::function<void(bool)> written) {
    if (turn != turn_) {
        return;
    }
    written_ = std::move(written);
    if (phase_ == phase::closed && answered_) {
        tell_written(false);
    }
}

/// A refused request's body: stepped over if all of it has come, else the connection ends after the
/// answer.
void session::skip_unread_body() {
    if (body_left_ == 0) {
        return;
    }
    if (!head_.expects_continue && body_left_ <= end_ - begin_) {
        consume(static_cast<std::size_t>(body_left_));
        body_left_ = 0;
    } else {
        close_after_ = true;
    }
}

void session::start_answer(response r) {
    skip_unread_body();
    close_after_ = close_after_ || r.close || draining_;
    out_shared_ = std::move(r.shared_body);
    out_body_ = std::move(r.body);
    std::string_view body = out_shared_ ? std::string_view(*out_shared_) : out_body_;
    answer_framing framing;
    framing.content_length = body.size();
    framing.minor_version = head_.minor_version;
    framing.keep_alive = !close_after_;
    framing.date = host_.date();
    out_head_ = response_head(r, framing);
    if (head_.head_only || !has_body(r.status)) {
        body = {};
    }
    phase_ = phase::answering;
    deadline_ = host_.now() + context_.config.write_stall_timeout;
    send({out_head_, body, {}});
}

void session::send(std::array<std::string_view, 3> parts) {
    writing_ = true;
    below_.write(parts);
}

void session::on_progress(std::size_t bytes) {
    context_.counters.bytes_out += bytes;
    if (phase_ == phase::answering) {
        deadline_ = host_.now() + context_.config.write_stall_timeout;
    } else if (phase_ == phase::streaming) {
        deadline_ = host_.now() + context_.config.stream_stall_timeout;
    }
}

void session::on_written() {
    writing_ = false;
    if (stream_ && stream_->in_flight > 0) {
        stream_->output->unsent -= std::exchange(stream_->in_flight, 0);
    }
    advance();
}

void session::tell_written(bool ok) {
    const auto written = std::exchange(written_, nullptr);
    if (written) {
        written(ok);
    }
}

/// Closing with unread bytes would reset the connection, and the client might lose the answer: so
/// then it is told that no more comes, and read from for a little while.
void session::finish_answer() {
    tell_written(true);
    if (!close_after_ && !input_ended_ && !draining_) {
        next_request();
        return;
    }
    if (input_ended_ || (body_left_ == 0 && begin_ == end_)) {
        close();
        return;
    }
    phase_ = phase::lingering;
    deadline_ = host_.now() + linger_time;
    gone_ = nullptr;
    below_.finish_sending();
}

}  // namespace kwq::net
