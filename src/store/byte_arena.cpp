#include "store/byte_arena.hpp"

#include <algorithm>
#include <cstring>

namespace kwq::store {

namespace {

constexpr std::size_t block_bytes = 256U << 10U;
constexpr std::size_t most_blocks_kept = 16;  // 4 MiB

}  // namespace

char* byte_arena::take(std::size_t bytes, std::size_t alignment) {
    at_ = (at_ + alignment - 1) / alignment * alignment;
    while (at_block_ < blocks_.size() && blocks_[at_block_].size < at_ + bytes) {
        ++at_block_;
        at_ = 0;
    }
    if (at_block_ == blocks_.size()) {
        const auto size = std::max(bytes, block_bytes);
        blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
    }
    char* const room = blocks_[at_block_].room.get() + at_;
    at_ += bytes;
    used_ += bytes;
    return room;
}

std::string_view byte_arena::keep(std::string_view text) {
    char* const room = take(text.size());
    if (!text.empty()) {
        std::memcpy(room, text.data(), text.size());
    }
    return {room, text.size()};
}

void byte_arena::clear() {
    // As much as was needed now, or half of what was there: a burst is not paid for ever after.
    const auto needed = std::max(at_block_ + 1, blocks_.size() / 2);
    blocks_.resize(std::min({blocks_.size(), needed, most_blocks_kept}));
    const auto is_large = [](const block& b) { return b.size > block_bytes; };
    blocks_.erase(std::remove_if(blocks_.begin(), blocks_.end(), is_large), blocks_.end());
    at_block_ = 0;
    at_ = 0;
    used_ = 0;
}

}  // namespace kwq::store
