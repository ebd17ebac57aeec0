// checkpoint: see the header.
#include "cli/checkpoint.hpp"

#include "cli/fields.hpp"
#include "codec/json.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace kwq::cli {

std::string checkpoint_path(const std::string& file) {
    return file + ".kwq-progress";
}

std::string write_checkpoint(const checkpoint& c) {
    std::string out;
    codec::json_writer w(out);
    w.begin_object()
        .field("v", 1)
        .field("file_bytes", c.file_bytes)
        .field("file_hash", c.file_hash)
        .field("offset", c.offset)
        .field("line", c.line)
        .field("submitted", c.submitted)
        .field("failed", c.failed)
        .end_object();
    return out + "\n";
}

std::optional<checkpoint> parse_checkpoint(std::string_view text) {
    const auto parsed = codec::json_document::parse(std::string(text));
    if (!parsed || !parsed->root().is_object() || integer_field(parsed->root(), "v") != 1) {
        return {};
    }
    const auto& root = parsed->root();
    checkpoint c{integer_field(root, "file_bytes"), text_field(root, "file_hash"),
                 integer_field(root, "offset"),     integer_field(root, "line"),
                 integer_field(root, "submitted"),  integer_field(root, "failed")};
    if (c.offset < 0 || c.line < 0 || c.offset > c.file_bytes || c.file_hash.empty()) {
        return {};
    }
    return c;
}

bool save_checkpoint(const std::string& path, const checkpoint& c) {
    const std::string text = write_checkpoint(c);
    const std::string fresh = path + ".new";
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    const bool written =
        ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(fd) == 0;
    ::close(fd);
    return written && std::rename(fresh.c_str(), path.c_str()) == 0;
}

std::optional<checkpoint> load_checkpoint(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    if (!in || !(text << in.rdbuf())) {
        return {};
    }
    return parse_checkpoint(text.str());
}

void remove_checkpoint(const std::string& path) {
    ::unlink(path.c_str());
}

}  // namespace kwq::cli
