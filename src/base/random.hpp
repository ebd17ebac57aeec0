// Random bits as an object passed in, so that the simulator can replay them. `seeded_random` is
// xoshiro256** (Blackman and Vigna, public domain) seeded by splitmix64; `system_random` reads the
// kernel's generator and is what lease tokens use in production.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

namespace kwq {

class random_source {
public:
    virtual ~random_source() = default;
    /// 64 uniformly random bits. One thread at a time.
    virtual std::uint64_t next() = 0;

    /// Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound);
};

class seeded_random final : public random_source {
public:
    explicit seeded_random(std::uint64_t seed);
    std::uint64_t next() override;

private:
    std::array<std::uint64_t, 4> state_;
};

/// Bits from getrandom(2), fetched in blocks.
std::unique_ptr<random_source> make_system_random();

}  // namespace kwq
