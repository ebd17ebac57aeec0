// Our reader against RapidJSON's, on thousands of mutated documents: outside the rules that only we
// have, the two must agree.
#include "base/random.hpp"
#include "codec/json.hpp"
#include "printing.hpp"

#include <catch2/catch.hpp>

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <optional>

namespace kwq::codec {

namespace {

std::optional<bool> rapidjson_accepts(std::string_view text) {
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    rapidjson::BaseReaderHandler<> ignore;
    constexpr unsigned flags = rapidjson::kParseIterativeFlag |
                               rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    const auto outcome = reader.Parse<flags>(stream, ignore);
    if (outcome.Code() == rapidjson::kParseErrorNumberTooBig) {
        return std::nullopt;  // no double holds it; to an opaque value it is just text
    }
    return !outcome.IsError();
}

std::string mutated(std::string text, random_source& random) {
    constexpr std::string_view alphabet = "{}[]\",:\\ue+-.0123456789tfn \n\t\x80\xc3\xa9\xff/d";
    const auto changes = 1 + random.below(3);
    for (std::uint64_t i = 0; i < changes && !text.empty(); ++i) {
        const auto at = static_cast<std::size_t>(random.below(text.size()));
        const char c = alphabet[static_cast<std::size_t>(random.below(alphabet.size()))];
        switch (random.below(4)) {
            case 0: text[at] = c; break;
            case 1: text.insert(at, 1, c); break;
            case 2: text.erase(at, 1); break;
            default: text.resize(at); break;
        }
    }
    return text;
}

}  // namespace

TEST_CASE("on mutated documents the opaque check agrees with RapidJSON") {
    const std::string seeds[] = {
        R"({"a":[1,-2.5e3,"x\u00e9\ud83d\ude00é"],"b":{"c":null,"d":[true,false,{}]},"e":[]})",
        R"(  [ 0 , "\"\\\/\b\f\n\r\t" , {"k" : "v€😀"} , 1e5 ]  )",
        R"({"v":1,"type":"claim","at":17672,"owner":"host-1:7654","nonce":"3f2a91c0"})",
    };
    seeded_random random(20260101);
    int accepted = 0;
    for (int i = 0; i < 30'000; ++i) {
        const std::string text = mutated(seeds[i % 3], random);
        const auto checked = check_json(text);
        const bool ours = checked.has_value();
        accepted += ours ? 1 : 0;
        // RapidJSON refuses half a pair only when it is the first half.
        const bool stricter =
            !ours && checked.error().detail.find("surrogate") != std::string::npos;
        const auto oracle = rapidjson_accepts(text);
        if (!stricter && oracle && ours != *oracle) {
            FAIL((ours ? "only we accept: " : "only RapidJSON accepts: ") << text);
        }
        // The envelope's reader is stricter than the opaque check, never laxer.
        if (json_document::parse(text).has_value() && !ours) {
            FAIL("read as a document, refused as opaque: " << text);
        }
    }
    CHECK(accepted > 1'000);
}

}  // namespace kwq::codec
