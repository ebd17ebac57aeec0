// The vectors of RFC 4648 section 10, and what is refused.
#include "base/base64.hpp"
#include "base/random.hpp"

#include <catch2/catch.hpp>

namespace kwq {

TEST_CASE("the padded form is RFC 4648's") {
    CHECK(base64_encode("").empty());
    CHECK(base64_encode("f") == "Zg==");
    CHECK(base64_encode("fo") == "Zm8=");
    CHECK(base64_encode("foo") == "Zm9v");
    CHECK(base64_encode("foob") == "Zm9vYg==");
    CHECK(base64_encode("fooba") == "Zm9vYmE=");
    CHECK(base64_encode("foobar") == "Zm9vYmFy");
    CHECK(base64_encode("\xfb\xff\xfe") == "+//+");
}

TEST_CASE("the URL form has its own alphabet and no padding") {
    CHECK(base64url_encode("fooba") == "Zm9vYmE");
    CHECK(base64url_encode("\xfb\xff\xfe") == "-__-");
}

TEST_CASE("any bytes are decoded back") {
    seeded_random random(5);
    for (int i = 0; i < 500; ++i) {
        std::string bytes;
        for (auto left = random.below(70); left > 0; --left) {
            bytes.push_back(static_cast<char>(random.below(256)));
        }
        CHECK(base64url_decode(base64url_encode(bytes)) == bytes);
    }
}

TEST_CASE("what the encoder does not write is refused") {
    for (const auto* bad :
         {"A", "AAAAA", "AA==", "AA+A", "AA/A", "AA A", "AA\nA", "AB", "AAB", "\xc3\xa4"}) {
        CHECK_FALSE(base64url_decode(bad));
    }
    CHECK(base64url_decode("").value().empty());
}

}  // namespace kwq
