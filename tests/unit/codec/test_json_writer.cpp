// What the writer writes, our reader reads back.
#include "base/random.hpp"
#include "codec/json.hpp"
#include "printing.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

namespace kwq::codec {

namespace {

template <class T>
std::string written(const T& v) {
    std::string out;
    json_writer(out).value(v);
    return out;
}

}  // namespace

TEST_CASE("commas and colons come where they belong") {
    std::string out;
    json_writer w(out);
    w.begin_object().field("a", 1).key("b").begin_array().value("x").value(true).null();
    w.begin_object().end_object().begin_array().end_array().end_array();
    w.field("c", std::uint64_t{18446744073709551615U}).key("d").raw("[ 1 ]").end_object();
    CHECK(out == R"({"a":1,"b":["x",true,null,{},[]],"c":18446744073709551615,"d":[ 1 ]})");
}

TEST_CASE("strings are escaped where JSON, or old JavaScript, needs it") {
    CHECK(written("a\"b\\c/\b\f\n\r\t") == R"("a\"b\\c/\b\f\n\r\t")");
    CHECK(written(std::string("\x01\x1f\0", 3)) == "\"\\u0001\\u001f\\u0000\"");
    CHECK(written("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa") == "\"\\u2028\\u2029\xe2\x80\xaa\"");
    CHECK(written("é€😀\x7f") == "\"é€😀\x7f\"");
}

TEST_CASE("bytes that are no UTF-8 become the replacement character, so that it can be read") {
    CHECK(written("a\xff"
                  "b\xc3") ==
          "\"a\xef\xbf\xbd"
          "b\xef\xbf\xbd\"");
    CHECK(written("\xed\xa0\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("numbers are the shortest that read back") {
    CHECK(written(0.1) == "0.1");
    CHECK(written(5.0) == "5");
    CHECK(written(-2.5) == "-2.5");
    CHECK(written(std::numeric_limits<double>::infinity()) == "null");
    CHECK(written(std::nan("")) == "null");
    CHECK(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    seeded_random random(7);
    for (int i = 0; i < 1'000; ++i) {
        const double number = static_cast<double>(random.next()) / 1e7;
        const auto d = json_document::parse(written(number));
        REQUIRE(d);
        CHECK(d->root().number() == number);
    }
}

TEST_CASE("any string reads back as itself") {
    seeded_random random(11);
    for (int i = 0; i < 2'000; ++i) {
        std::string text;
        for (auto left = random.below(40); left > 0; --left) {
            text.push_back(static_cast<char>(random.below(0x80)));
            text += random.below(5) == 0 ? "€" : "";
        }
        const auto d = json_document::parse(written(text));
        REQUIRE(d);
        CHECK(d->root().string() == text);
    }
}

TEST_CASE("seconds are written as they are read") {
    seeded_random random(3);
    for (int i = 0; i < 1'000; ++i) {
        const milliseconds ms{static_cast<std::int64_t>(random.below(3'155'760'000'000))};
        std::string out;
        json_writer w(out);
        w.begin_object();
        write_seconds(w, "d_s", ms);
        w.end_object();
        const auto d = json_document::parse(out);
        REQUIRE(d);
        CHECK(read_seconds(*d->root().find("d_s")) == ms);
    }
}

}  // namespace kwq::codec
