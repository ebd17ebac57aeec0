// Messages that differ in numbers, ids, addresses, paths and quoted texts alone are one group.
#include "tracker/error_text.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace kwq::tracker;

TEST_CASE("what changes from task to task becomes a placeholder") {
    const std::vector<std::pair<std::string, std::string>> all{
        {"timeout after 30 s", "timeout after # s"},
        {"worker12: out of memory (8192 MB)", "worker#: out of memory (# MB)"},
        {"connect to 10.0.0.7:5432 failed", "connect to #.#.#.#:# failed"},
        {"at 0xDEADbeef", "at #"},
        {"commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "commit #"},
        {"user 550e8400-e29b-41d4-a716-446655440000 unknown", "user # unknown"},
        {"no file /var/tmp/x-17/data.bin", "no file <path>"},
        {"C:\\Users\\me\\a.txt is locked", "<path> is locked"},
        {"GET https://example.com/items/17?x=1 404", "GET <path>?x=# #"},
        {"open('a b.txt') failed", "open(\"…\") failed"},
        {"can't read \"my file\": it's gone", "can't read \"…\": it's gone"},
        {"id Xk3fQ9zz0a twice", "id # twice"},
        {"sha256 and/or utf8: bad.", "sha# and/or utf#: bad."},
        {"  two\n\tlines  ", "two lines"},
        {"", ""},
        {"unfinished 'quote", "unfinished 'quote"},
        {"Traceback (most recent call last):\n  File \"a.py\", line 3\nValueError: bad value 17\n",
         "ValueError: bad value #"},
        {"größe 5 überschritten", "größe # überschritten"},
    };
    for (const auto& [message, normalised] : all) {
        CHECK(normalised_error(message) == normalised);
    }
}

TEST_CASE("a fingerprint names what is the same in many messages, and reads back") {
    const auto one = fingerprint_of("task 17: disk /dev/sda1 full");
    CHECK(one == fingerprint_of("task 4711:  disk /dev/nvme0n1p2 full"));
    CHECK(one != fingerprint_of("task 17: disk /dev/sda1 empty"));
    CHECK(to_string(one).size() == 16);
    CHECK(parse_error_fingerprint(to_string(one)) == one);
    CHECK(parse_error_fingerprint(to_string(other_errors)) == other_errors);
    for (const char* wrong : {"", "0", "0000000000000000", "-000000000000001", "g000000000000000",
                              "00000000000000011"}) {
        CHECK_FALSE(parse_error_fingerprint(wrong));
    }
}

TEST_CASE("a normalised message is one short line, cut between characters") {
    std::string umlauts;
    for (int i = 0; i < 150; ++i) {
        umlauts += "ü";
    }
    CHECK(normalised_error("x" + umlauts).size() == max_normalised_bytes - 1);
    CHECK(normalised_error(std::string(100'000, '(')).size() == max_normalised_bytes);
    CHECK(normalised_error("a\x01\x02\rb") == "a b");
}
