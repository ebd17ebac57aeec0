#include "base/random.hpp"

#include "base/assert.hpp"

#include <bit>
#include <cstddef>

#include <sys/random.h>

namespace kwq {

namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

class kernel_random final : public random_source {
public:
    std::uint64_t next() override {
        if (used_ == block_.size()) {
            refill();
        }
        return block_[used_++];
    }

private:
    void refill() {
        // 256 bytes is the most that getrandom always delivers whole.
        const auto got = getrandom(block_.data(), sizeof block_, 0);
        KWQ_ASSERT(got == static_cast<ssize_t>(sizeof block_));
        used_ = 0;
    }

    std::array<std::uint64_t, 32> block_{};
    std::size_t used_ = 32;
};

}  // namespace

std::uint64_t random_source::below(std::uint64_t bound) {
    KWQ_ASSERT(bound > 0);
    // Rejection keeps it uniform; at most every second draw is thrown away.
    const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    std::uint64_t drawn = next();
    while (drawn >= limit) {
        drawn = next();
    }
    return drawn % bound;
}

seeded_random::seeded_random(std::uint64_t seed) : state_{} {
    for (auto& word : state_) {
        word = splitmix64(seed);
    }
}

std::uint64_t seeded_random::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::unique_ptr<random_source> make_system_random() {
    return std::make_unique<kernel_random>();
}

}  // namespace kwq
