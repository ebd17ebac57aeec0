#include "tracker/error_text.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <charconv>

namespace kwq::tracker {

namespace {

constexpr std::size_t fingerprint_digits = 16;
constexpr std::size_t least_hex = 6;    // shorter ones are taken for words with numbers
constexpr std::size_t least_turns = 3;  // between letters and digits, of an id
constexpr std::size_t longest_quoted = 1'000;
constexpr std::string_view traceback = "Traceback (most recent call last)";
constexpr std::string_view ellipsis = "\"\xe2\x80\xa6\"";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 128;
}
bool is_alnum(char c) {
    return is_digit(c) || is_letter(c);
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_quote(char c) {
    return c == '"' || c == '\'' || c == '`';
}
/// What holds a path, an address or an id together.
bool is_inner(char c) {
    return is_alnum(c) || std::string_view("/\\._-:@~+%#").find(c) != std::string_view::npos;
}

bool all(std::string_view s, bool (*is)(char)) {
    return std::all_of(s.begin(), s.end(), is);
}
bool any(std::string_view s, bool (*is)(char)) {
    return std::any_of(s.begin(), s.end(), is);
}

bool is_uuid(std::string_view s) {
    constexpr std::size_t length = 36;
    if (s.size() != length) {
        return false;
    }
    for (std::size_t i = 0; i < s.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s[i] != '-' : !is_hex(s[i])) {
            return false;
        }
    }
    return true;
}

bool is_path(std::string_view s) {
    const auto slashes =
        std::count_if(s.begin(), s.end(), [](char c) { return c == '/' || c == '\\'; });
    if (slashes == 0 || s.size() < 3) {
        return false;
    }
    return slashes > 1 || !is_letter(s.front()) || any(s, is_digit) ||
           s.find('.') != std::string_view::npos;
}

/// Letters and digits in turns, as in random ids; `sha256` and `worker12` are none.
bool is_id(std::string_view word) {
    std::size_t turns = 0;
    for (std::size_t i = 1; i < word.size(); ++i) {
        turns += is_digit(word[i]) != is_digit(word[i - 1]) ? 1 : 0;
    }
    return turns >= least_turns;
}

class normaliser {
public:
    explicit normaliser(std::string_view in) : in_(in) {}

    std::string run() {
        while (at_ < in_.size() && out_.size() < max_normalised_bytes) {
            step();
        }
        while (!out_.empty() && out_.back() == ' ') {
            out_.pop_back();
        }
        shorten();
        return std::move(out_);
    }

private:
    void step() {
        const char c = in_[at_];
        if (is_space(c) || static_cast<unsigned char>(c) < ' ') {
            if (!out_.empty() && out_.back() != ' ') {
                out_.push_back(' ');
            }
            ++at_;
        } else if (!(is_quote(c) && skip_quoted())) {
            if (is_inner(c)) {
                take_run();
            } else {
                out_.push_back(c);
                ++at_;
            }
        }
    }

    /// `'…'` and the like, but not the apostrophe within a word.
    bool skip_quoted() {
        if (at_ > 0 && is_alnum(in_[at_ - 1])) {
            return false;
        }
        const auto text = in_.substr(at_ + 1, longest_quoted);
        std::size_t end = text.find(in_[at_]);
        while (end != std::string_view::npos && end + 1 < text.size() && is_alnum(text[end + 1])) {
            end = text.find(in_[at_], end + 1);
        }
        if (end == std::string_view::npos ||
            text.substr(0, end).find('\n') != std::string_view::npos) {
            return false;
        }
        out_.append(ellipsis);
        at_ += end + 2;
        return true;
    }

    void take_run() {
        std::size_t end = at_;
        while (end < in_.size() && is_inner(in_[end])) {
            ++end;
        }
        auto run = in_.substr(at_, end - at_);
        at_ = end;
        // A sentence's full stop or a colon after it is no part of it.
        std::string_view tail;
        while (run.size() > 1 && (run.back() == '.' || run.back() == ':')) {
            tail = in_.substr(at_ - tail.size() - 1, tail.size() + 1);
            run.remove_suffix(1);
        }
        if (is_uuid(run)) {
            out_.push_back('#');
        } else if (is_path(run)) {
            out_.append("<path>");
        } else {
            put_words(run);
        }
        out_.append(tail);
    }

    void put_words(std::string_view run) {
        while (!run.empty()) {
            const auto word_end = std::find_if_not(run.begin(), run.end(), is_alnum);
            const auto word = run.substr(0, static_cast<std::size_t>(word_end - run.begin()));
            put_word(word);
            run.remove_prefix(word.size());
            if (!run.empty()) {
                out_.push_back(run.front());
                run.remove_prefix(1);
            }
        }
    }

    void put_word(std::string_view word) {
        if (!any(word, is_digit)) {
            out_.append(word);
            return;
        }
        const bool prefixed =
            word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
        const auto digits = prefixed ? word.substr(2) : word;
        const bool hex = all(digits, is_hex) && (prefixed || digits.size() >= least_hex);
        if (hex || is_id(word)) {
            out_.push_back('#');
            return;
        }
        for (std::size_t i = 0; i < word.size(); ++i) {
            if (!is_digit(word[i])) {
                out_.push_back(word[i]);
            } else if (i == 0 || !is_digit(word[i - 1])) {
                out_.push_back('#');
            }
        }
    }

    /// Not ending within a character.
    void shorten() {
        if (out_.size() <= max_normalised_bytes) {
            return;
        }
        std::size_t end = max_normalised_bytes;
        while (end > 0 && (static_cast<unsigned char>(out_[end]) & 0xc0U) == 0x80U) {
            --end;
        }
        out_.resize(end);
    }

    std::string_view in_;
    std::size_t at_ = 0;
    std::string out_;
};

std::string_view last_line(std::string_view text) {
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    const auto line = text.rfind('\n');
    return line == std::string_view::npos ? text : text.substr(line + 1);
}

}  // namespace

std::string normalised_error(std::string_view message) {
    return normaliser(message.starts_with(traceback) ? last_line(message) : message).run();
}

error_fingerprint fingerprint_of(std::string_view message) {
    return fingerprint_of_normalised(normalised_error(message));
}

error_fingerprint fingerprint_of_normalised(std::string_view text) {
    const auto hash = hash64(text);
    return error_fingerprint{std::max(hash, other_errors.value() + 1)};
}

std::string to_string(error_fingerprint f) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out(fingerprint_digits, '0');
    auto rest = f.value();
    for (auto c = out.rbegin(); c != out.rend(); ++c, rest /= digits.size()) {
        *c = digits[rest % digits.size()];
    }
    return out;
}

std::optional<error_fingerprint> parse_error_fingerprint(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), value, fingerprint_digits);
    if (text.size() != fingerprint_digits || problem != std::errc{} ||
        end != text.data() + text.size() || value == 0 || text.front() == '-') {
        return std::nullopt;
    }
    return error_fingerprint{value};
}

}  // namespace kwq::tracker
