// The lease token: stable for ever, since workers hold tokens across upgrades.
#include "base/base64.hpp"
#include "model/lease.hpp"

#include <catch2/catch.hpp>

namespace kwq::model {

namespace {

lease_parts sample() {
    return {.shard = shard_id{5},
            .epoch = offset{12},
            .sequence = 3,
            .place = {queue_name{"images"}, priority{7}, offset{4711}},
            .attempt = 2,
            .random = 0x0123456789abcdefULL};
}

}  // namespace

TEST_CASE("a token's bytes never change") {
    CHECK(encode_lease(sample()).value() ==
          "AQAFAAAAAAAAAAwAAAAAAAAAAwAAAAIABwAAAAAAABJnASNFZ4mrze9pbWFnZXM");
}

TEST_CASE("a token is read back as it was made, and fits the form of a lease") {
    CHECK(decode_lease(encode_lease(sample())) == sample());
    lease_parts largest = sample();
    largest.shard = shard_id{65'535};
    largest.epoch = offset{(std::int64_t{1} << 53) - 1};
    largest.sequence = UINT64_MAX;
    largest.attempt = UINT32_MAX;
    largest.place = {queue_name{std::string(63, 'q')}, priority{65'535}, offset{INT64_MAX}};
    largest.random = UINT64_MAX;
    CHECK(decode_lease(encode_lease(largest)) == largest);
    CHECK(valid_id(encode_lease(largest).value()));
}

TEST_CASE("two leases of one task differ") {
    lease_parts other = sample();
    other.random = 1;
    CHECK(encode_lease(other) != encode_lease(sample()));
}

TEST_CASE("what is no token of ours is told so") {
    const std::string good = encode_lease(sample()).value();
    CHECK_FALSE(decode_lease(lease_token{""}));
    CHECK_FALSE(decode_lease(lease_token{"guess"}));
    CHECK_FALSE(decode_lease(lease_token{"Ag" + good.substr(2)}));
    CHECK_FALSE(decode_lease(lease_token{good + "!"}));
    for (std::size_t size = 0; size < 55; ++size) {
        CHECK_FALSE(decode_lease(lease_token{good.substr(0, size)}));
    }
    std::string raw = *base64url_decode(good);
    raw[3] = '\xff';  // an epoch below zero
    CHECK_FALSE(decode_lease(lease_token{base64url_encode(raw)}));
    raw = *base64url_decode(good);
    raw.back() = 'S';  // not a queue's alphabet
    CHECK_FALSE(decode_lease(lease_token{base64url_encode(raw)}));
}

}  // namespace kwq::model
