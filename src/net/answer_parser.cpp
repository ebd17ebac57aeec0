// The answer parser's states.
#include "net/answer_parser.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace kwq::net {

namespace {

constexpr std::size_t max_head = 65'536;
constexpr std::size_t max_chunk_line = 1'024;

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

template <class Number>
bool read_number(std::string_view text, Number& into, int base) {
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, into, base);
    return !text.empty() && read.ec == std::errc{} && read.ptr == end;
}

}  // namespace

void answer_parser::feed(std::string_view bytes, const body_sink& on_body) {
    while (!bytes.empty() && at_ != place::done && at_ != place::bad) {
        if (!step(bytes, on_body)) {
            return;
        }
    }
    extra_ = extra_ || !bytes.empty();
}

void answer_parser::end() {
    if (at_ == place::until_close) {
        at_ = place::done;
        keep_alive_ = false;
    }
}

/// Whether a whole line was there; then it is in line_, without its line end.
bool answer_parser::take_line(std::string_view& bytes, std::size_t longest) {
    const std::size_t feed = bytes.find('\n');
    line_.append(bytes.substr(0, feed));
    bytes.remove_prefix(feed == std::string_view::npos ? bytes.size() : feed + 1);
    if (line_.size() > longest) {
        at_ = place::bad;
        return false;
    }
    if (feed == std::string_view::npos) {
        return false;
    }
    if (line_.empty() || line_.back() != '\r') {
        at_ = place::bad;
        return false;
    }
    line_.pop_back();
    return true;
}

bool answer_parser::step(std::string_view& bytes, const body_sink& on_body) {
    switch (at_) {
        case place::head:
            if (!take_line(bytes, max_head)) {
                return false;
            }
            on_head_line();
            break;
        case place::chunk_size:
            if (!take_line(bytes, max_chunk_line)) {
                return false;
            }
            on_chunk_size();
            break;
        case place::chunk_end:
            if (!take_line(bytes, 1)) {
                return false;
            }
            at_ = line_.empty() ? place::chunk_size : place::bad;
            break;
        case place::trailers:
            if (!take_line(bytes, max_chunk_line)) {
                return false;
            }
            at_ = line_.empty() ? place::done : place::trailers;
            break;
        case place::length_body:
        case place::chunk_data:
        case place::until_close: take_body(bytes, on_body); return true;
        case place::done:
        case place::bad: return false;
    }
    line_.clear();
    return true;
}

void answer_parser::on_head_line() {
    head_bytes_ += line_.size() + 2;
    if (head_bytes_ > max_head) {
        at_ = place::bad;
    } else if (std::exchange(first_line_, false)) {
        on_status_line();
    } else if (line_.empty()) {
        on_head_end();
    } else {
        on_field_line();
    }
}

void answer_parser::on_status_line() {
    const std::string_view text = line_;
    const bool shaped = text.size() >= 12 && text.substr(0, 7) == "HTTP/1." && text[8] == ' ' &&
                        (text[7] == '0' || text[7] == '1');
    if (!shaped || !read_number(text.substr(9, 3), answer_.status, 10) || answer_.status < 100) {
        at_ = place::bad;
        return;
    }
    keep_alive_ = text[7] == '1';
}

void answer_parser::on_field_line() {
    const std::string_view text = line_;
    const std::size_t colon = text.find(':');
    if (colon == 0 || colon == std::string_view::npos) {
        at_ = place::bad;
        return;
    }
    std::string name = lower(text.substr(0, colon));
    const std::string_view value = trim(text.substr(colon + 1));
    if (name == "content-length") {
        has_length_ = true;
        at_ = read_number(value, left_, 10) ? at_ : place::bad;
    } else if (name == "transfer-encoding") {
        chunked_ = lower(value) == "chunked";
        at_ = chunked_ ? at_ : place::bad;
    } else if (name == "connection") {
        keep_alive_ = lower(value) == "keep-alive" || (keep_alive_ && lower(value) != "close");
    } else if (name == "content-type") {
        answer_.content_type = std::string(value);
    }
    answer_.headers.emplace_back(std::move(name), std::string(value));
}

void answer_parser::on_head_end() {
    if (answer_.status < 200) {  // 100 Continue: the answer proper follows
        answer_ = {};
        first_line_ = true;
        return;
    }
    const bool no_body = head_only_ || answer_.status == 204 || answer_.status == 304;
    if (no_body || (has_length_ && !chunked_ && left_ == 0)) {
        at_ = place::done;
    } else if (chunked_) {
        at_ = place::chunk_size;
    } else {
        at_ = has_length_ ? place::length_body : place::until_close;
    }
}

void answer_parser::on_chunk_size() {
    const std::string_view digits = trim(std::string_view(line_).substr(0, line_.find(';')));
    if (!read_number(digits, left_, 16)) {
        at_ = place::bad;
        return;
    }
    at_ = left_ == 0 ? place::trailers : place::chunk_data;
}

void answer_parser::take_body(std::string_view& bytes, const body_sink& on_body) {
    std::size_t size = bytes.size();
    if (at_ != place::until_close) {
        size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
        left_ -= size;
    }
    on_body(bytes.substr(0, size));
    bytes.remove_prefix(size);
    if (left_ == 0 && at_ != place::until_close) {
        at_ = at_ == place::chunk_data ? place::chunk_end : place::done;
    }
}

}  // namespace kwq::net
