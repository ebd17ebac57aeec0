#include "rest/id_source.hpp"

#include "base/assert.hpp"
#include "base/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace kwq::rest {

namespace {

constexpr std::string_view crockford = "0123456789abcdefghjkmnpqrstvwxyz";

/// The lowest `digits`·5 bits of (high, low), most significant digit first.
void append_base32(std::string& out, std::uint64_t high, std::uint64_t low, int digits) {
    std::array<char, 16> text{};
    KWQ_ASSERT(digits <= static_cast<int>(text.size()));
    for (int i = digits - 1; i >= 0; --i) {
        text[static_cast<std::size_t>(i)] = crockford[low & 31U];
        low = (low >> 5U) | (high << 59U);
        high >>= 5U;
    }
    out.append(text.data(), static_cast<std::size_t>(digits));
}

}  // namespace

model::task_id id_source::next() {
    const std::lock_guard hold(mutex_);
    return next_locked();
}

model::task_id id_source::next(const std::function<bool(const model::task_id&)>& fits) {
    const std::lock_guard hold(mutex_);
    auto id = next_locked();
    while (!fits(id)) {
        id = next_locked();
    }
    return id;
}

model::task_id id_source::next_locked() {
    const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(time_.wall().value(), 0));
    if (now > last_ms_) {
        last_ms_ = now;
        // The top bit stays clear, so that counting up has room.
        high_ = static_cast<std::uint16_t>(random_.next() & 0x7fffU);
        low_ = random_.next();
    } else if (++low_ == 0) {
        ++high_;
    }
    std::string id;
    id.reserve(26);
    append_base32(id, 0, last_ms_ & 0xffff'ffff'ffffU, 10);
    append_base32(id, high_, low_, 16);
    return model::task_id{std::move(id)};
}

std::string id_source::hex() {
    const std::lock_guard hold(mutex_);
    std::uint64_t bits = random_.next();
    std::string out;
    for (int i = 0; i < 16; ++i, bits >>= 4U) {
        out.push_back("0123456789abcdef"[bits & 15U]);
    }
    return out;
}

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const int ok =
        EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    KWQ_ASSERT(ok == 1);
    KWQ_ASSERT(size == 32);
    return {reinterpret_cast<const char*>(digest.data()), size};
}

model::task_id derived_id(std::string_view key, std::uint64_t index) {
    // The separator cannot occur in a key, so no two pairs look alike.
    std::string text = "kwq-idempotency\n";
    text.append(key).append("\n").append(std::to_string(index));
    return model::task_id{base64url_encode(sha256(text))};
}

}  // namespace kwq::rest
