// The pieces of keys: they sort as their values do, and come apart as they were put together.
#include "store/kv.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace kwq::store;

TEST_CASE("numbers in keys sort as numbers do") {
    const std::vector<std::uint64_t> ascending{0,      1,           255,         256,
                                               65'535, 1ULL << 31U, 1ULL << 32U, UINT64_MAX};
    for (std::size_t i = 1; i < ascending.size(); ++i) {
        std::string smaller;
        std::string larger;
        append_u64(smaller, ascending[i - 1]);
        append_u64(larger, ascending[i]);
        CHECK(smaller < larger);
    }
}

TEST_CASE("a text sorts before those it is the beginning of, whatever follows in the key") {
    std::string shorter;
    append_text(shorter, "ab");
    append_u64(shorter, UINT64_MAX);
    std::string longer;
    append_text(longer, "ab\x01");
    append_u64(longer, 0);
    CHECK(shorter < longer);
}

TEST_CASE("a key comes apart into what it was made of") {
    std::string key;
    append_u8(key, 200);
    append_text(key, "queue");
    append_u32(key, 0xdeadbeef);
    append_text(key, "");
    append_u64(key, 0x0123456789abcdefULL);
    CHECK(key.size() == 1 + 6 + 4 + 1 + 8);
    std::string_view rest = key;
    CHECK(take_u8(rest) == 200);
    CHECK(take_text(rest) == "queue");
    CHECK(take_u32(rest) == 0xdeadbeef);
    CHECK(take_text(rest).empty());
    CHECK(take_u64(rest) == 0x0123456789abcdefULL);
    CHECK(rest.empty());
}
