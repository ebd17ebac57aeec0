#include "base/hash.hpp"

#include "base/assert.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace kwq {

namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit) {
            c = (c & 1U) != 0 ? (c >> 1) ^ 0x82f63b78U : c >> 1;
        }
        table[i] = c;
    }
    return table;
}

constexpr auto crc_table = make_crc_table();

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t c) {
    for (const char b : bytes) {
        c = crc_table[(c ^ static_cast<std::uint8_t>(b)) & 0xffU] ^ (c >> 8);
    }
    return c;
}

#if defined(__x86_64__)
/// The processor's own instruction for it, eight bytes at a time.
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_hardware(std::string_view bytes,
                                                                   std::uint32_t c) {
    std::uint64_t wide = c;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, bytes.data(), 8);
        wide = _mm_crc32_u64(wide, eight);
    }
    c = static_cast<std::uint32_t>(wide);
    for (const char b : bytes) {
        c = _mm_crc32_u8(c, static_cast<std::uint8_t>(b));
    }
    return c;
}

const bool has_crc32 = __builtin_cpu_supports("sse4.2");
#endif

std::uint32_t byte_at(std::string_view s, std::size_t i) {
    return static_cast<std::uint8_t>(s[i]);
}

}  // namespace

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
    std::uint64_t h = 0xcbf29ce484222325ULL ^ (seed * 0x9e3779b97f4a7c15ULL);
    for (const char c : bytes) {
        h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
    }
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdULL;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    return h ^ (h >> 33);
}

std::uint32_t crc32c(std::string_view bytes) {
#if defined(__x86_64__)
    if (has_crc32) {
        return ~crc32c_by_hardware(bytes, 0xffffffffU);
    }
#endif
    return ~crc32c_by_table(bytes, 0xffffffffU);
}

std::int32_t murmur2(std::string_view key) {
    constexpr std::uint32_t m = 0x5bd1e995U;
    std::uint32_t h = 0x9747b28cU ^ static_cast<std::uint32_t>(key.size());
    std::size_t i = 0;
    for (; i + 4 <= key.size(); i += 4) {
        std::uint32_t k = byte_at(key, i) | byte_at(key, i + 1) << 8 | byte_at(key, i + 2) << 16 |
                          byte_at(key, i + 3) << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h = (h * m) ^ k;
    }
    const std::size_t rest = key.size() - i;
    if (rest >= 3) {
        h ^= byte_at(key, i + 2) << 16;
    }
    if (rest >= 2) {
        h ^= byte_at(key, i + 1) << 8;
    }
    if (rest >= 1) {
        h = (h ^ byte_at(key, i)) * m;
    }
    h = (h ^ (h >> 13)) * m;
    return std::bit_cast<std::int32_t>(h ^ (h >> 15));
}

std::int32_t murmur2_partition(std::string_view key, std::int32_t partitions) {
    KWQ_ASSERT(partitions > 0);
    return (murmur2(key) & 0x7fffffff) % partitions;
}

}  // namespace kwq
