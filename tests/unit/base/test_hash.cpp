// Hashes with fixed results: values published by others where there are any, else pinned here.
#include "base/hash.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>

namespace kwq {

TEST_CASE("crc32c gives the check value of its catalogue") {
    CHECK(crc32c("123456789") == 0xe3069283U);
    CHECK(crc32c("") == 0);
    CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aaU);    // RFC 3720, B.4
    CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43U);  // RFC 3720, B.4
}

TEST_CASE("murmur2 is Kafka's, as its own tests list it") {
    const std::map<std::string, std::int32_t> published = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (const auto& [key, hash] : published) {
        CHECK(murmur2(key) == hash);
    }
}

TEST_CASE("a partition is within bounds and the same for ever") {
    std::set<std::int32_t> seen;
    for (int i = 0; i < 1'000; ++i) {
        const auto p = murmur2_partition("task-" + std::to_string(i), 16);
        REQUIRE(p >= 0);
        REQUIRE(p < 16);
        seen.insert(p);
    }
    CHECK(seen.size() == 16);
    CHECK(murmur2_partition("foobar", 16) == ((-790332482) & 0x7fffffff) % 16);
    CHECK(murmur2_partition("anything", 1) == 0);
}

TEST_CASE("hash64 is pinned, and its seed matters") {
    CHECK(hash64("") == 0xefd01f60ba992926ULL);
    CHECK(hash64("kwq") == 0x4464dd22a14a5443ULL);
    CHECK(hash64("kwq", 1) == 0xdcf4107f3b96784fULL);
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        seen.insert(hash64("kwq", seed));
    }
    CHECK(seen.size() == 1'000);
}

}  // namespace kwq
