// The reading side of a session: heads, bodies, deadlines, the end.
#include "net/session.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace kwq::net {

namespace {

constexpr std::size_t max_buffer = 65'536;
constexpr std::size_t first_buffer = 4'096;
constexpr std::size_t keep_buffer = 16'384;  // an idle connection gives more than this back
constexpr std::size_t linger_bytes = 16'777'216;
constexpr std::uint64_t bytes_for_each_second = 65'536;  // of a body, on top of body_timeout
constexpr mono_time never = mono_time::max();

}  // namespace

session::session(const session_context& context, session_host& host, transport& below,
                 std::string peer)
    : context_(context), host_(host), below_(below), peer_(std::move(peer)) {}

void session::start() {
    deadline_ = host_.now() + context_.config.idle_timeout;
    keep_reading();
}

void session::on_read(std::size_t bytes) {
    reading_ = false;
    const bool first = begin_ == end_;
    end_ += bytes;
    context_.counters.bytes_in += bytes;
    if (phase_ == phase::head && first) {
        deadline_ = host_.now() + context_.config.header_timeout;
    } else if (phase_ == phase::streaming) {
        deadline_ = host_.now() + context_.config.stream_stall_timeout;
    }
    advance();
}

void session::on_read_end() {
    reading_ = false;
    input_ended_ = true;
    advance();
}

void session::on_broken() {
    broken_ = true;
    advance();
}

void session::abort() {
    broken_ = true;
    advance();
}

void session::sweep(mono_time now) {
    if (now >= deadline_ && phase_ != phase::closed) {
        expired_ = true;
        advance();
    }
}

void session::drain() {
    draining_ = true;
    if (phase_ == phase::head && begin_ == end_) {
        close();
    }
}

/// Runs until nothing more can be done with what has come. Handlers that answer at once come back
/// in here from inside: that only asks for another round.
void session::advance() {
    if (entered_) {
        again_ = true;
        return;
    }
    entered_ = true;
    do {
        again_ = false;
        while (step()) {
        }
    } while (again_);
    entered_ = false;
    keep_reading();
}

bool session::is_finishing() const {
    return phase_ == phase::answering || (phase_ == phase::streaming && stream_->ended);
}

bool session::step() {
    if (phase_ == phase::closed) {
        return false;
    }
    if (broken_ || (input_ended_ && !is_finishing())) {
        lose();
        return false;
    }
    if (std::exchange(expired_, false)) {
        return on_expired();
    }
    switch (phase_) {
        case phase::head: return read_head();
        case phase::body: return read_body();
        case phase::waiting:
            if (!answer_ || writing_ || held_) {
                return false;
            }
            start_answer(*std::exchange(answer_, std::nullopt));
            return true;
        case phase::answering:
            if (writing_) {
                return false;
            }
            finish_answer();
            return true;
        case phase::streaming: return step_stream();
        case phase::lingering: return linger();
        case phase::closed: return false;
    }
    return false;
}

bool session::on_expired() {
    const refusal slow{408, "request_timeout", "the request did not arrive in time"};
    switch (phase_) {
        case phase::head:
            if (begin_ == end_) {
                close();
                return false;
            }
            refuse(slow);
            return true;
        case phase::body: refuse(slow); return true;
        case phase::streaming:
            if (!waits_for_client()) {
                deadline_ = host_.now() + context_.config.stream_stall_timeout;
                return true;
            }
            lose();
            return false;
        case phase::lingering: close(); return false;
        case phase::answering: lose(); return false;
        case phase::waiting:
        case phase::closed: return false;
    }
    return false;
}

std::string_view session::unread() const {
    return std::string_view(buffer_).substr(begin_, end_ - begin_);
}

void session::consume(std::size_t bytes) {
    KWQ_ASSERT(bytes <= end_ - begin_);
    begin_ += bytes;
}

bool session::read_head() {
    if (begin_ == end_ || writing_) {
        return false;
    }
    head_.head_only = unread().starts_with("HEAD ");  // a refusal of it has no body either
    const auto found = finder_.find(unread());
    if (const auto* why = std::get_if<refusal>(&found)) {
        refuse(*why);
        return true;
    }
    const auto* length = std::get_if<std::size_t>(&found);
    if (length == nullptr) {
        const auto why = too_large(unread(), context_.config);
        if (why) {
            refuse(*why);
        }
        return why.has_value();
    }
    auto parsed = parse_head(unread().substr(0, *length), context_.config);
    consume(*length);
    finder_.reset();
    if (const auto* why = std::get_if<refusal>(&parsed)) {
        refuse(*why);
        return true;
    }
    begin_request(std::move(std::get<request_head>(parsed)));
    return true;
}

void session::begin_request(request_head head) {
    head_ = std::move(head);
    head_.asked.peer = peer_;
    body_left_ = head_.content_length;
    ++requests_;
    ++context_.counters.requests;
    close_after_ =
        !head_.keep_alive || draining_ || requests_ >= context_.config.max_requests_per_connection;
    if (head_.outside_base_path) {
        phase_ = phase::waiting;
        deadline_ = never;
        answer_ = context_.handler.problem(404, "route_unknown", "nothing is served at this path");
        return;
    }
    try {
        admit();
    } catch (const std::exception&) {
        refuse({500, "internal", "the request could not be handled"});
    }
}

void session::admit() {
    auto admission = context_.handler.admit(head_.asked);
    if (admission.refuse) {
        phase_ = phase::waiting;
        deadline_ = never;
        answer_ = std::move(admission.refuse);
    } else if (!admission.streamed && head_.content_length > admission.max_body) {
        refuse({413, "payload_too_large",
                "the body may have " + std::to_string(admission.max_body) + " bytes"});
    } else {
        yields_ = admission.yields;
        accept_body(admission.streamed);
    }
}

void session::accept_body(bool streamed) {
    const auto extra = std::chrono::seconds(head_.content_length / bytes_for_each_second);
    deadline_ = host_.now() + (streamed ? context_.config.stream_stall_timeout
                                        : context_.config.body_timeout + extra);
    phase_ = phase::body;
    if (head_.expects_continue && body_left_ > 0 && begin_ == end_) {
        out_head_ = "HTTP/1.1 100 Continue\r\n\r\n";
        send({out_head_, {}, {}});
    }
    if (streamed) {
        open_stream();
    }
}

namespace {

/// Room for `more` bytes, in few steps and in the end for what was announced and no more; not for
/// that before a part of it is here.
void reserve_body(std::string& body, std::size_t more, std::uint64_t announced) {
    constexpr std::size_t leap = 16;
    const std::size_t needed = body.size() + more;
    if (body.capacity() < needed) {
        const bool near_end = needed * leap >= announced;
        body.reserve(near_end ? static_cast<std::size_t>(announced) : needed * leap / 2);
    }
}

}  // namespace

bool session::read_body() {
    const auto piece = unread().substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, max_buffer)));
    reserve_body(head_.asked.body, piece.size(), head_.content_length);
    head_.asked.body.append(piece);
    body_left_ -= piece.size();
    consume(piece.size());
    if (body_left_ > 0) {
        return false;
    }
    hand_over();
    return true;
}

void session::hand_over() {
    phase_ = phase::waiting;
    deadline_ = never;
    if (!yields_) {
        handle();
        return;
    }
    host_.stand_in_line([this, keep = below_.owner(), turn = turn_](bool served) {
        const bool waits = turn == turn_ && phase_ == phase::waiting;
        if (waits && served) {
            served_at_ = host_.now();
            handle();
        } else if (waits) {
            turn_away();
        } else if (served) {
            host_.leave_line(host_.now());
        }
    });
}

void session::leave_line() {
    if (const auto since = std::exchange(served_at_, std::nullopt)) {
        host_.leave_line(*since);
    }
}

void session::turn_away() {
    answered_ = true;
    held_ = true;
    answer_ = context_.handler.problem(503, "overloaded", "more is asked than can be done; later");
    head_.asked.body = std::string();  // nobody reads it, and many may be held
    // Weak: of a client that goes meanwhile nothing is kept.
    host_.hold([this, owner = std::weak_ptr<void>(below_.owner()), turn = turn_] {
        if (const auto alive = owner.lock(); alive && turn == turn_) {
            held_ = false;
            advance();
        }
    });
}

void session::handle() {
    try {
        context_.handler.handle(std::move(head_.asked), make_responder());
    } catch (const std::exception&) {
        refuse({500, "internal", "the request could not be handled"});
        advance();
    }
}

/// Answers in the handler's place, and ends the connection: after a refusal nobody can be sure
/// where the next request would begin.
void session::refuse(const refusal& why) {
    close_after_ = true;
    phase_ = phase::waiting;
    deadline_ = never;
    answered_ = true;
    answer_ = context_.handler.problem(why.status, why.code, why.detail);
}

void session::next_request() {
    leave_line();
    ++turn_;
    gone_ = nullptr;
    written_ = nullptr;
    answer_.reset();
    stream_.reset();
    answered_ = false;
    yields_ = false;
    held_ = false;
    head_ = {};
    out_body_.clear();
    out_shared_.reset();
    phase_ = phase::head;
    const auto& config = context_.config;
    deadline_ = host_.now() + (begin_ == end_ ? config.idle_timeout : config.header_timeout);
}

bool session::linger() {
    discarded_ += end_ - begin_;
    begin_ = end_;
    if (discarded_ > linger_bytes) {
        close();
    }
    return false;
}

/// A read is always under way while there is room: it is also how a client that goes is noticed.
/// One that has pipelined 64 KiB is noticed only when the answer cannot be written.
void session::keep_reading() {
    if (reading_ || input_ended_ || phase_ == phase::closed) {
        return;
    }
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (buffer_.size() > keep_buffer && phase_ == phase::head) {
            buffer_ = std::string();
        }
    }
    if (end_ == buffer_.size()) {
        if (begin_ > 0) {
            buffer_.erase(0, begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        const std::size_t more = std::max(first_buffer, buffer_.size() * 2);
        buffer_.resize(std::max(end_, std::min(more, max_buffer)));
    }
    if (end_ < buffer_.size()) {
        reading_ = true;
        below_.read(buffer_.data() + end_, buffer_.size() - end_);
    }
}

void session::tell_gone() {
    const auto gone = std::exchange(gone_, nullptr);
    if (gone) {
        gone();
    }
    if (stream_ && phase_ == phase::streaming) {
        const auto stream_gone = std::exchange(stream_->to.on_gone, nullptr);
        if (stream_gone) {
            stream_gone();
        }
    }
}

/// The client has gone, or must go, before it was answered in full.
void session::lose() {
    tell_gone();
    close();
}

void session::close() {
    if (phase_ == phase::closed) {
        return;
    }
    phase_ = phase::closed;
    leave_line();
    below_.close();
    if (answered_) {
        tell_written(false);
    }
    gone_ = nullptr;
    answer_.reset();
    if (stream_) {
        stream_->output->unsent = 0;
        stream_.reset();
    }
    begin_ = end_ = 0;
}

}  // namespace kwq::net
