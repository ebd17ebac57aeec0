// checkpoint: how far `kwq submit --file` has come, kept next to the file. Written after each
// answer of the server and synced, so that a run which was cut off at any moment can go on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kwq::cli {

struct checkpoint {
    std::int64_t file_bytes = 0;
    std::string file_hash;
    std::int64_t offset = 0;  // everything before it is answered for
    std::int64_t line = 0;
    std::int64_t submitted = 0;
    std::int64_t failed = 0;

    friend bool operator==(const checkpoint&, const checkpoint&) = default;
};

std::string checkpoint_path(const std::string& file);
std::string write_checkpoint(const checkpoint& c);
/// Nothing when it is no checkpoint of a version this program knows.
std::optional<checkpoint> parse_checkpoint(std::string_view text);

/// Replaces the file as a whole and syncs it. False when the directory does not allow it.
bool save_checkpoint(const std::string& path, const checkpoint& c);
std::optional<checkpoint> load_checkpoint(const std::string& path);
void remove_checkpoint(const std::string& path);

}  // namespace kwq::cli
