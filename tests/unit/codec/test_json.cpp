// The rules of reading JSON, one by one, and inputs made to hurt.
#include "codec/json.hpp"
#include "printing.hpp"

#include <catch2/catch.hpp>

namespace kwq::codec {

namespace {

using kind = json_value::kind;

json_document parsed(std::string text) {
    auto document = json_document::parse(std::move(text));
    INFO((document ? "" : document.error().detail));
    REQUIRE(document);
    return *std::move(document);
}

std::string refusal(const std::string& text) {
    const auto document = json_document::parse(text);
    if (document) {
        return "accepted";
    }
    CHECK(document.error().code == model::errc::bad_request);
    const auto& detail = document.error().detail;
    const auto column = detail.find("line ");
    return column == std::string::npos ? detail : detail.substr(column);
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("each kind of value is told apart and read exactly") {
    const auto d =
        parsed(R"({"n":null,"t":true,"f":false,"i":-9223372036854775808,"u":9223372036854775808,)"
               R"("d":1.5e3,"s":"text","a":[1,"two"],"o":{"k":0}})");
    const auto& o = d.root();
    CHECK(o.find("n")->is_null());
    CHECK(o.find("t")->boolean());
    CHECK_FALSE(o.find("f")->boolean());
    CHECK(o.find("i")->integer() == INT64_MIN);
    CHECK(o.find("u")->type() == kind::number);
    CHECK(o.find("u")->number() == 9223372036854775808.0);
    CHECK(o.find("d")->number() == 1500.0);
    CHECK(o.find("d")->type() == kind::number);
    CHECK(o.find("s")->string() == "text");
    REQUIRE(o.find("a")->items().size() == 2);
    CHECK(o.find("a")->items()[0].integer() == 1);
    CHECK(o.find("a")->items()[1].string() == "two");
    CHECK(o.find("o")->members()[0].first == "k");
    CHECK(o.find("missing") == nullptr);
    CHECK(o.find("s")->find("k") == nullptr);
    CHECK(o.find("s")->items().empty());
    CHECK(o.members().size() == 9);
}

TEST_CASE("raw is the exact slice of the source, white space within and none around") {
    const auto d = parsed("  { \"a\" :  [ 1 , { \"b\":2.50 } ]  , \"c\":\"\\u0041\" } ");
    CHECK(d.root().raw() == "{ \"a\" :  [ 1 , { \"b\":2.50 } ]  , \"c\":\"\\u0041\" }");
    CHECK(d.root().find("a")->raw() == "[ 1 , { \"b\":2.50 } ]");
    CHECK(d.root().find("a")->items()[1].find("b")->raw() == "2.50");
    CHECK(d.root().find("c")->raw() == "\"\\u0041\"");
    CHECK(d.root().find("c")->string() == "A");
}

TEST_CASE("escapes stand for what they say, in names too") {
    const auto d = parsed(R"({"\u006bey":"\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00 é€😀"})");
    CHECK(d.root().find("key")->string() == "\"\\/\b\f\n\r\té€😀 é€😀");
}

TEST_CASE("a document keeps its values when it is moved") {
    auto first = parsed(R"(["a short one","\n and an escaped one"])");
    const json_document second = std::move(first);
    CHECK(second.root().items()[0].string() == "a short one");
    CHECK(second.root().items()[1].string() == "\n and an escaped one");
}

TEST_CASE("32 levels are read and 33 are refused, whatever they are made of") {
    CHECK(refusal(nested(32)) == "accepted");
    CHECK(refusal(nested(33)) == "line 1, column 33: nested deeper than 32");
    CHECK(check_json(nested(32)));
    CHECK_FALSE(check_json(nested(33)));
    std::string objects;
    for (int i = 0; i < 33; ++i) {
        objects += R"({"a":)";
    }
    CHECK(refusal(objects).find("nested deeper than 32") != std::string::npos);
}

TEST_CASE("a million brackets cost no stack") {
    CHECK(refusal(std::string(1'000'000, '[')) != "accepted");
    CHECK_FALSE(check_json(std::string(1'000'000, '[')));
    CHECK_FALSE(check_json(std::string(1'000'000, '{')));
}

TEST_CASE("a name twice in one object is refused, also in large ones and when spelt differently") {
    CHECK(refusal(R"({"a":1,"b":2,"a":3})") ==
          "line 1, column 18: the same member name twice in one object");
    CHECK(refusal(R"({"a":1,"\u0061":2})") != "accepted");
    CHECK(refusal(R"([{"a":1},{"a":1}])") == "accepted");
    CHECK(refusal(R"({"a":{"a":1}})") == "accepted");
    std::string large = "{";
    for (int i = 0; i < 1'000; ++i) {
        large += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
    }
    CHECK(refusal(large + "\"last\":0}") == "accepted");
    CHECK(refusal(large + "\"k500\":0}").find("twice") != std::string::npos);
}

TEST_CASE("a NUL is refused wherever it stands") {
    using namespace std::string_literals;
    for (const auto& text : {"\0"s, "1\0"s, "\0001"s, "[1,\0]"s, "\"a\0b\""s, "{\"a\"\0:1}"s,
                             "[1]\0garbage"s, "tr\0e"s, "1.\0"s, "\"\\\0\""s}) {
        CHECK(refusal(text) != "accepted");
        CHECK_FALSE(check_json(text));
    }
    CHECK(refusal("[1]\0garbage"s) == "line 1, column 4: a NUL byte");
}

TEST_CASE("numbers are bound in length and exponent") {
    const std::string digits(32, '7');
    CHECK(refusal(digits) == "accepted");
    CHECK(refusal(digits + "7") == "line 1, column 1: a number of more than 32 characters");
    CHECK(refusal("1e0300") == "accepted");
    CHECK(refusal("[1e00300]") == "line 1, column 2: an exponent of more than 4 digits");
    CHECK(refusal("1.00000000001e-2147483638").find("exponent") != std::string::npos);
    CHECK(refusal("1e400").find("out of range") != std::string::npos);
    CHECK(refusal("1E+5") == "accepted");
    for (const auto* text : {"01", "-", "+1", ".5", "1.", "1e", "1e+", "0x10", "--1", "Infinity",
                             "NaN", "1_000", "-01"}) {
        INFO(text);
        CHECK(refusal(text) != "accepted");
        CHECK_FALSE(check_json(text));
    }
    CHECK(parsed("-0").root().integer() == 0);
}

TEST_CASE("only strict UTF-8 is read") {
    for (const auto* good : {"\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf", "\xee\x80\x80",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\x7f", "\xef\xbf\xbf"}) {
        CHECK(refusal("\"" + std::string(good) + "\"") == "accepted");
        CHECK(check_json("\"" + std::string(good) + "\""));
    }
    for (const auto* bad :
         {"\xff\xfe", "\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80",
          "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3",
          "\xe2\x82", "\xf0\x9f\x98", "\xe2\x28\xa1"}) {
        CHECK(refusal("\"" + std::string(bad) + "\"") ==
              "line 1, column 2: bytes that are not UTF-8");
        CHECK(refusal("\"" + std::string(bad)) != "accepted");
        CHECK_FALSE(check_json("\"" + std::string(bad) + "\""));
    }
    CHECK(refusal("\xef\xbb\xbf{}") != "accepted");
}

TEST_CASE("half a surrogate pair is refused") {
    for (const auto* text : {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud83dx")",
                             R"("\ud83d\u0041")", R"("\ud83d\)", R"("\ud83d\ude0")"}) {
        INFO(text);
        CHECK(refusal(text) != "accepted");
        CHECK_FALSE(check_json(text));
    }
}

TEST_CASE("control characters and made-up escapes are refused within strings") {
    CHECK(refusal("\"a\tb\"") == "line 1, column 3: a control character within a string");
    CHECK(refusal("\"\x1f\"") != "accepted");
    CHECK(refusal(R"("\x41")") == "line 1, column 2: an escape that JSON does not have");
    CHECK(refusal(R"("\u12g4")") == "line 1, column 2: \\u needs four hexadecimal digits");
    CHECK(refusal(R"("\)") == "line 1, column 2: the text ends within a string");
}

TEST_CASE("what is not quite JSON is refused, with the line and column of the first fault") {
    CHECK(refusal("") == "line 1, column 1: the text ends too early");
    CHECK(refusal("[1] x") == "line 1, column 5: something follows the value");
    CHECK(refusal("[1,]") == "line 1, column 4: a value is expected here");
    CHECK(refusal("{\"a\":1,}") == "line 1, column 8: a member's name is expected here");
    CHECK(refusal("{\"a\" 1}") == "line 1, column 6: a colon is expected here");
    CHECK(refusal("[1 2]") == "line 1, column 4: a comma or the end of the list is expected here");
    CHECK(refusal("[1}") == "line 1, column 3: a comma or the end of the list is expected here");
    CHECK(refusal("{\n \"a\": [\n  1,\n  tru]}") == "line 4, column 3: a value is expected here");
    for (const auto* text : {"{1:2}", "{'a':1}", "// x\n1", "[1,,2]", "{,}", "]", "}", ",", ":",
                             "nul", "truefalse", "{\"a\":}", "[\v1]", "{\"a\"}"}) {
        INFO(text);
        CHECK(refusal(text) != "accepted");
        CHECK_FALSE(check_json(text));
    }
}

TEST_CASE("a document cut off at any byte is refused") {
    const std::string text =
        R"({"a":[1,-2.5e3,"x\u00e9\ud83d\ude00é"],"b":{"c":null,"d":[true,false,{}]},"e":[]})";
    CHECK(refusal(text) == "accepted");
    for (std::size_t size = 0; size < text.size(); ++size) {
        INFO(size);
        CHECK(refusal(text.substr(0, size)) != "accepted");
        CHECK_FALSE(check_json(std::string_view(text).substr(0, size)));
    }
}

TEST_CASE("200,000 values are read and one more is refused") {
    std::string text = "[0";
    for (std::size_t i = 2; i < max_values; ++i) {
        text += ",0";
    }
    CHECK(parsed(text + "]").root().items().size() == max_values - 1);
    CHECK(refusal(text + ",0]").find("more than 200,000 values") != std::string::npos);
}

TEST_CASE("an opaque member is kept as it came and bound by form and depth alone") {
    const std::string odd = R"({ "a":1, "a":[2e99999, 123456789012345678901234567890123] })";
    const auto d = json_document::parse("{\"x\":" + odd + " ,\"y\":7}", {"x"});
    REQUIRE(d);
    CHECK(d->root().find("x")->raw() == odd);
    CHECK(d->root().find("y")->integer() == 7);
    CHECK_FALSE(json_document::parse("{\"x\":" + odd + "}"));
    CHECK(json_document::parse("{\"x\":" + nested(32) + "}", {"x"}));
    CHECK_FALSE(json_document::parse("{\"x\":" + nested(33) + "}", {"x"}));
    CHECK_FALSE(json_document::parse(R"({"x":"\ud800"})", {"x"}));
    CHECK_FALSE(json_document::parse("{\"x\":[1,]}", {"x"}));
    CHECK_FALSE(json_document::parse("{\"x\":}", {"x"}));
    CHECK_FALSE(json_document::parse(R"({"x":1,"x":2})", {"x"}));
}

TEST_CASE("opaque members count in the objects of a top-level array, and nowhere deeper") {
    const auto d = json_document::parse(R"([{"x":{"a":1,"a":2}},{"x":[0],"z":{"x":[1]}}])", {"x"});
    REQUIRE(d);
    CHECK(d->root().items()[0].find("x")->raw() == R"({"a":1,"a":2})");
    CHECK(d->root().items()[1].find("x")->is_null());
    CHECK(d->root().items()[1].find("z")->find("x")->items().size() == 1);
    CHECK_FALSE(json_document::parse(R"({"z":{"x":{"a":1,"a":2}}})", {"x"}));
}

TEST_CASE("opaque values are not counted") {
    std::string many = "[0";
    for (std::size_t i = 0; i < max_values; ++i) {
        many += ",0";
    }
    CHECK(json_document::parse("{\"x\":" + many + "]}", {"x"}));
    CHECK(check_json(many + "]"));
}

TEST_CASE("seconds are read to the millisecond and no further than 100 years") {
    const auto ms = [](const std::string& text) -> std::int64_t {
        const auto d = parsed(text);
        const auto read = read_seconds(d.root());
        return read ? read->count() : -1;
    };
    CHECK(ms("0") == 0);
    CHECK(ms("1.5") == 1'500);
    CHECK(ms("0.001") == 1);
    CHECK(ms("0.0004") == 0);
    CHECK(ms("86400") == 86'400'000);
    CHECK(ms("3155760000") == 3'155'760'000'000);
    CHECK(ms("3155760001") == -1);
    CHECK(ms("-0.5") == -1);
    CHECK(ms("\"5\"") == -1);
    CHECK(ms("null") == -1);
    CHECK(ms("1e300") == -1);
}

}  // namespace kwq::codec
