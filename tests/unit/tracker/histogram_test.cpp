#include "tracker/histogram.hpp"

#include "base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace kwq;
using namespace kwq::tracker;

TEST_CASE("quantiles are within five percent of the exact ones") {
    seeded_random random(7);
    histogram h;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 20'000; ++i) {
        const auto v = random.below(1ULL << (5 + random.below(25)));
        values.push_back(v);
        h.add(milliseconds{static_cast<std::int64_t>(v)});
    }
    std::sort(values.begin(), values.end());
    for (const double q : {0.5, 0.9, 0.95, 0.99}) {
        const auto rank = static_cast<std::size_t>(q * static_cast<double>(values.size()));
        CHECK(h.quantile_ms(q) == Approx(static_cast<double>(values[rank])).epsilon(0.055));
    }
    const auto s = h.summary();
    CHECK(s.count == values.size());
    CHECK(s.max_s == Approx(static_cast<double>(values.back()) / 1000));
}

TEST_CASE("merged histograms are those of all values, and come back as they were written") {
    histogram a;
    histogram b;
    histogram both;
    for (std::int64_t v = 0; v < 1'000; ++v) {
        (v % 3 == 0 ? a : b).add(milliseconds{v * v});
        both.add(milliseconds{v * v});
    }
    a.merge(b);
    CHECK(a == both);
    std::string bytes;
    store::byte_writer w(bytes);
    a.write(w);
    store::byte_reader r(bytes);
    CHECK(histogram::read(r) == both);
}

TEST_CASE("an empty histogram says nothing, and odd values do no harm") {
    histogram h;
    CHECK(h.summary().count == 0);
    h.add(milliseconds{-5});
    h.add(milliseconds{0});
    CHECK(h.summary().max_s == 0);
    CHECK(h.summary().p99_s == 0);
    h.add(milliseconds{INT64_C(1) << 60});
    CHECK(h.summary().count == 3);
}

TEST_CASE("for Prometheus it is cumulative, and every value is in some bucket or above all") {
    histogram h;
    CHECK(h.buckets().count == 0);
    h.add(milliseconds{0});
    h.add(milliseconds{3});      // within 5 ms
    h.add(milliseconds{2'000});  // within 5 s
    h.add(milliseconds{90'000'000});
    const auto b = h.buckets();
    REQUIRE(b.bounds.size() == b.cumulative.size());
    CHECK(b.count == 4);
    CHECK(b.sum == Approx(90'002.003));
    for (std::size_t i = 0; i < b.bounds.size(); ++i) {
        const std::uint64_t expected = b.bounds[i] < 0.004 ? 1 : b.bounds[i] < 3 ? 2 : 3;
        CHECK(b.cumulative[i] == expected);
    }
}
