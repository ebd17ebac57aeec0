#include "tracker/page_cursor.hpp"

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "store/kv.hpp"

namespace kwq::tracker {

namespace {

constexpr std::uint8_t cursor_version = 1;
constexpr std::size_t head_bytes = 1 + 4 + 4;

/// Version, question, and a checksum of the rest: a cursor that was cut or changed is refused too.
std::string head(std::string_view question, std::string_view last) {
    std::string out;
    store::append_u8(out, cursor_version);
    store::append_u32(out, static_cast<std::uint32_t>(hash64(question)));
    store::append_u32(out, crc32c(last));
    return out;
}

}  // namespace

std::string write_cursor(std::string_view question, std::string_view last) {
    return base64url_encode(head(question, last).append(last));
}

result<std::string> read_cursor(std::string_view question, const std::string& cursor) {
    const auto bytes = base64url_decode(cursor);
    if (!bytes || bytes->size() < head_bytes ||
        bytes->substr(0, head_bytes) != head(question, bytes->substr(head_bytes))) {
        return model::error{model::errc::bad_cursor,
                            "the cursor does not belong to this listing with these filters",
                            "cursor"};
    }
    return bytes->substr(head_bytes);
}

}  // namespace kwq::tracker
