// idempotency: recognises an Idempotency-Key that comes back with another body. Only a courtesy to
// callers with a bug: that a repeat submits nothing twice follows from ids derived from the key,
// not from this, so it may forget, and does on restart.
#pragma once

#include "base/hash.hpp"

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kwq::rest {

inline constexpr std::size_t max_remembered_keys = 10'000;

/// 1 to 200 printable ASCII characters.
inline bool valid_idempotency_key(std::string_view key) {
    if (key.empty() || key.size() > 200) {
        return false;
    }
    for (const char c : key) {
        if (c < 0x21 || c > 0x7e) {
            return false;
        }
    }
    return true;
}

/// Any thread.
class idempotency_keys {
public:
    /// False when `key` was seen with another body.
    bool remember(const std::string& key, std::string_view body) {
        const std::uint64_t digest = hash64(body);
        const std::lock_guard hold(mutex_);
        const auto [found, fresh] = seen_.emplace(key, digest);
        if (!fresh) {
            return found->second == digest;
        }
        order_.push_back(key);
        if (order_.size() > max_remembered_keys) {
            seen_.erase(order_.front());
            order_.pop_front();
        }
        return true;
    }

private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::uint64_t> seen_;
    std::deque<std::string> order_;
};

}  // namespace kwq::rest
