// bulk_lines: a file of NDJSON tasks cut into requests: whole lines, blank ones left out, each with
// an id of its own so that sending it again is harmless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kwq::cli {

inline constexpr std::size_t max_request_bytes = 8U << 20U;
inline constexpr std::size_t max_line_bytes = 1'572'864;  // the server's limit for one task

struct bad_line {
    std::int64_t line = 0;
    std::string why;
};

/// What one request takes: from `begin` of the file to `end`, in bytes.
struct line_batch {
    std::string body;                 // lines with a newline each
    std::vector<std::int64_t> lines;  // number in the file of each line of the body, from 1
    std::vector<bad_line> bad;        // never sent: too long
    std::int64_t end_offset = 0;      // of the file, behind the last line taken
    std::int64_t end_line = 0;        // lines up to there, blank ones too
};

class line_reader {
public:
    /// `in` stands at `offset`, with `line` lines before it. `ids`: what derived ids begin with;
    /// empty: none are made. `fields`: JSON members for tasks that lack them.
    struct options {
        std::int64_t offset = 0;
        std::int64_t line = 0;
        std::string ids;
        std::vector<std::pair<std::string, std::string>> fields;
        std::size_t request_bytes = max_request_bytes;
    };
    line_reader(std::istream& in, options o) : in_(in), options_(std::move(o)) {}

    /// The next batch; nothing in it at the end of the file.
    line_batch next();
    bool at_end() const { return ended_ && !has_pending_; }
    /// The end came too early: the input could not be read on.
    bool broken() const { return in_.bad(); }

private:
    bool take_line(std::string& line);

    std::istream& in_;
    options options_;
    std::string pending_;  // a line that did not fit in the batch before
    std::int64_t pending_end_ = 0;
    bool has_pending_ = false;
    bool ended_ = false;
};

/// `line` with the members of `fields` that it lacks, and an id when it has none and `id` is not
/// empty. Unchanged when it is no JSON object: the server says what is wrong with it.
std::string completed_line(std::string_view line, const std::string& id,
                           const std::vector<std::pair<std::string, std::string>>& fields);

/// 16 hex digits of the whole stream, which is read to its end.
std::string content_hash(std::istream& in);

}  // namespace kwq::cli
