// Names and places: their forms, and that they are read back as they were written.
#include "model/error.hpp"
#include "model/ids.hpp"
#include "model/task.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace kwq::model {

namespace {

record at(std::string queue, std::int32_t p, std::int64_t o) {
    return {queue_name{std::move(queue)}, priority{p}, offset{o}};
}

}  // namespace

TEST_CASE("a task id is 1 to 200 characters of its alphabet") {
    CHECK(valid_id("a"));
    CHECK(valid_id("AZaz09._~:@+=,-"));
    CHECK(valid_id(std::string(200, 'x')));
    CHECK_FALSE(valid_id(""));
    CHECK_FALSE(valid_id(std::string(201, 'x')));
    for (int c = 0; c < 256; ++c) {
        const bool in = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                        (c >= 'a' && c <= 'z') ||
                        (c != 0 && std::string_view("._~:@+=,-").find(static_cast<char>(c)) !=
                                       std::string_view::npos);
        CHECK(valid_id(std::string(1, static_cast<char>(c))) == in);
    }
}

TEST_CASE("a queue is 1 to 63 lower-case characters that do not begin with a dash") {
    CHECK(valid_queue("default"));
    CHECK(valid_queue("0-a-"));
    CHECK(valid_queue(std::string(63, 'q')));
    for (const auto* bad : {"", "-a", "A", "a_b", "a.b", "a/b", "ä"}) {
        CHECK_FALSE(valid_queue(bad));
    }
    CHECK_FALSE(valid_queue(std::string(64, 'q')));
}

TEST_CASE("a label is UTF-8 without control characters") {
    CHECK(valid_label("customer:acme"));
    CHECK(valid_label("größe 😀 / % &"));
    CHECK(valid_label(std::string(200, 'x')));
    CHECK_FALSE(valid_label(""));
    CHECK_FALSE(valid_label(std::string(201, 'x')));
    for (const std::string bad :
         {"a\nb", "a\x7f", "\xc2\x80", "\xc2\x9f", "\xff", "\xed\xa0\x80", "a\xc3"}) {
        CHECK_FALSE(valid_label(bad));
    }
    CHECK_FALSE(valid_label(std::string("a\0b", 3)));
    CHECK(valid_label("\xc2\xa0"));
}

TEST_CASE("UTF-8 is judged strictly") {
    CHECK(valid_utf8(""));
    CHECK(valid_utf8("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80"));
    for (const auto* bad : {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\x80", "\xed\xbf\xbf",
                            "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3("}) {
        CHECK_FALSE(valid_utf8(bad));
    }
}

TEST_CASE("a record is printed and read back") {
    CHECK(to_string(at("default", 5, 17)) == "default/5@17");
    CHECK(parse_record("default/5@17") == at("default", 5, 17));
    for (const auto* bad : {"", "default", "default/5", "default@17", "default@5/17", "D/5@17",
                            "q/x@1", "q/5@", "q/5@-1", "q/5@1x", "q/5@99999999999999999999"}) {
        CHECK_FALSE(parse_record(bad));
    }
}

TEST_CASE("records order by queue, then priority, then offset") {
    const std::set<record> ordered = {at("b", 1, 0), at("a", 2, 0), at("a", 1, 9), at("a", 1, 10)};
    CHECK(ordered.begin()->offset == offset{9});
    CHECK(ordered.rbegin()->queue.value() == "b");
}

TEST_CASE("a position is opaque and read back, of a task topic or of the status topic") {
    const position task{shard_id{3}, false, at("images", 7, 4711)};
    const position status{shard_id{15}, true, {queue_name{}, priority{}, offset{9}}};
    CHECK(parse_position(to_string(task)) == task);
    CHECK(parse_position(to_string(status)) == status);
    CHECK(valid_id(to_string(task)));
    for (const auto* bad : {"", "x", "not a position", "AAAA", "MDo", "MDpzdGF0dXNALTE"}) {
        CHECK_FALSE(parse_position(bad));
    }
}

TEST_CASE("every state is named and found by its name") {
    std::set<std::string_view> names;
    for (int i = 0; i < task_state_count; ++i) {
        const auto s = static_cast<task_state>(i);
        CHECK(parse_task_state(to_string(s)) == s);
        names.insert(to_string(s));
    }
    CHECK(names.size() == task_state_count);
    CHECK_FALSE(parse_task_state("done"));
    CHECK(is_terminal(task_state::error));
    CHECK_FALSE(is_terminal(task_state::scheduled));
}

TEST_CASE("every error code has a slug of its own") {
    std::set<std::string_view> slugs;
    for (int i = 0; i <= static_cast<int>(errc::internal); ++i) {
        slugs.insert(to_string(static_cast<errc>(i)));
    }
    CHECK(slugs.size() == static_cast<std::size_t>(errc::internal) + 1);
}

TEST_CASE("the hash of a record tells neighbours apart") {
    std::set<std::size_t> hashes;
    for (std::int64_t o = 0; o < 1'000; ++o) {
        hashes.insert(std::hash<record>{}(at("q", 1, o)));
        hashes.insert(std::hash<record>{}(at("q", 2, o)));
    }
    CHECK(hashes.size() == 2'000);
}

}  // namespace kwq::model
