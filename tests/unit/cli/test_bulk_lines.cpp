// A file of tasks cut into requests.
#include "base/random.hpp"
#include "cli/bulk_lines.hpp"

#include <catch2/catch.hpp>

#include <sstream>

namespace kwq::cli {

namespace {

/// All batches of `text`, read from `offset` and `line` on.
std::vector<line_batch> batches(const std::string& text, line_reader::options o) {
    std::istringstream in(text);
    in.seekg(o.offset);
    line_reader reader(in, std::move(o));
    std::vector<line_batch> out;
    while (!reader.at_end()) {
        out.push_back(reader.next());
    }
    return out;
}

std::string bodies(const std::vector<line_batch>& all) {
    std::string out;
    for (const line_batch& b : all) {
        out += b.body;
    }
    return out;
}

}  // namespace

TEST_CASE("lines keep their numbers when blank ones between them are left out") {
    const auto all = batches("{\"payload\":1}\n\n  \r\n{\"payload\":2}", {});
    REQUIRE(all.size() == 1);
    CHECK(all[0].body == "{\"payload\":1}\n{\"payload\":2}\n");
    CHECK(all[0].lines == std::vector<std::int64_t>{1, 4});
    CHECK(all[0].end_line == 4);
    CHECK(all[0].end_offset == 32);
}

TEST_CASE("a batch ends before the line that would make it too large") {
    const std::string text = "{\"payload\":1}\n{\"payload\":2}\n{\"payload\":3}\n";
    const auto all = batches(text, {.request_bytes = 30});
    REQUIRE(all.size() == 2);
    CHECK(all[0].lines == std::vector<std::int64_t>{1, 2});
    CHECK(all[0].end_offset == 28);
    CHECK(all[1].lines == std::vector<std::int64_t>{3});
    CHECK(all[1].end_offset == static_cast<std::int64_t>(text.size()));
}

TEST_CASE(
    "a line longer than a request may be goes alone, one the server would refuse not at all") {
    const std::string large = "{\"payload\":\"" + std::string(100, 'x') + "\"}";
    const auto all =
        batches("{\"payload\":1}\n" + large + "\n{\"payload\":2}\n", {.request_bytes = 50});
    REQUIRE(all.size() == 3);
    CHECK(all[1].body == large + "\n");
    const std::string huge = "{\"payload\":\"" + std::string(max_line_bytes, 'x') + "\"}";
    const auto refused = batches("{\"payload\":1}\n" + huge + "\n", {});
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].lines == std::vector<std::int64_t>{1});
    REQUIRE(refused[0].bad.size() == 1);
    CHECK(refused[0].bad[0].line == 2);
}

TEST_CASE("an empty file is the end at once") {
    for (const char* text : {"", "\n", "\n\n  \n"}) {
        const auto all = batches(text, {});
        REQUIRE(all.size() == 1);
        CHECK(all[0].lines.empty());
    }
}

TEST_CASE("tasks get the fields and the id that they lack, and keep the ones they have") {
    const std::vector<std::pair<std::string, std::string>> fields{{"queue", "\"mail\""},
                                                                  {"priority", "7"}};
    CHECK(completed_line(R"({"payload":1})", "f-1", fields) ==
          R"({"id":"f-1","queue":"mail","priority":7,"payload":1})");
    CHECK(completed_line(R"( {"id":"a","priority":1,"payload":{"queue":1}} )", "f-1", fields) ==
          R"( {"queue":"mail","id":"a","priority":1,"payload":{"queue":1}} )");
    CHECK(completed_line("{}", "f-1", {}) == R"({"id":"f-1"})");
    CHECK(completed_line(R"({"payload":1})", "", {}) == R"({"payload":1})");
}

TEST_CASE("what is no JSON object goes to the server as it is") {
    for (const char* line : {"{", "[1]", "nonsense", "{\"payload\":}", "{\"a\":1} x"}) {
        CHECK(completed_line(line, "f-1", {{"queue", "\"q\""}}) == line);
    }
}

TEST_CASE("reading on from the end of any batch gives the same lines and ids as reading through") {
    seeded_random random(3);
    std::string text;
    for (int i = 0; i < 300; ++i) {
        text += random.below(5) == 0 ? "\n"
                                     : "{\"payload\":\"" + std::string(random.below(60), 'x') +
                                           "\"}" + (random.below(2) == 0 ? "\r\n" : "\n");
    }
    const line_reader::options from_start{.ids = "f0", .request_bytes = 300};
    const auto all = batches(text, from_start);
    REQUIRE(all.size() > 20);
    for (std::size_t cut = 0; cut < all.size(); ++cut) {
        auto o = from_start;
        o.offset = all[cut].end_offset;
        o.line = all[cut].end_line;
        const std::vector<line_batch> before(all.begin(),
                                             all.begin() + static_cast<std::ptrdiff_t>(cut) + 1);
        INFO(cut);
        CHECK(bodies(before) + bodies(batches(text, o)) == bodies(all));
    }
}

TEST_CASE("the hash of a file changes with any byte of it") {
    std::istringstream a("{\"payload\":1}\n"), b("{\"payload\":2}\n"), again("{\"payload\":1}\n");
    const auto hash = content_hash(a);
    CHECK(hash.size() == 16);
    CHECK(hash != content_hash(b));
    CHECK(hash == content_hash(again));
}

}  // namespace kwq::cli
