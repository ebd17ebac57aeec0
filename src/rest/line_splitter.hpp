// line_splitter: pieces of a body -> lines, with a bound on each. A line that is too long is told
// once, when its end comes, and costs no memory; the next line is read as usual.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace kwq::rest {

class line_splitter {
public:
    /// `number` counts from 1, blank lines too; `text` has no end of line and is empty when
    /// `too_long`.
    using on_line = std::function<void(std::uint64_t number, std::string_view text, bool too_long)>;

    explicit line_splitter(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    void take(std::string_view piece, const on_line& each) {
        while (true) {
            const std::size_t end = piece.find('\n');
            if (end == std::string_view::npos) {
                keep(piece);
                return;
            }
            close(piece.substr(0, end), each);
            piece.remove_prefix(end + 1);
        }
    }
    /// The body has ended: what is left is a line too.
    void finish(const on_line& each) {
        if (!kept_.empty() || too_long_) {
            close({}, each);
        }
    }

private:
    void keep(std::string_view part) {
        if (!too_long_ && kept_.size() + part.size() <= max_bytes_ + 1) {
            kept_.append(part);
            return;
        }
        too_long_ = true;
        kept_ = std::string();
    }
    void close(std::string_view part, const on_line& each) {
        std::string_view line = part;
        if (!kept_.empty() || too_long_) {
            keep(part);
            line = kept_;
        }
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        const bool too_long = too_long_ || line.size() > max_bytes_;
        each(++number_, too_long ? std::string_view{} : line, too_long);
        kept_.clear();
        too_long_ = false;
    }

    const std::size_t max_bytes_;
    std::string kept_;  // the beginning of a line whose end has not come
    bool too_long_ = false;
    std::uint64_t number_ = 0;
};

}  // namespace kwq::rest
