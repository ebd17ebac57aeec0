// What exit codes and outputs mean.
#include "worker/outcome.hpp"

#include "model/ids.hpp"

#include <catch2/catch.hpp>

#include <csignal>

namespace kwq::worker {
namespace {

constexpr milliseconds backoff{5'000};

report ended_with(int code, std::string output = "", std::string log = "") {
    return outcome_of({.code = code, .output = std::move(output), .log_tail = std::move(log)},
                      backoff);
}

TEST_CASE("output that is JSON is the result as it is") {
    CHECK(result_json("{\"b\": 1,  \"a\":[1.50]}\n") == "{\"b\": 1,  \"a\":[1.50]}");
    CHECK(result_json(" 17 ") == "17");
    CHECK(result_json("\"text\"") == "\"text\"");
    CHECK(result_json("null") == "null");
}

TEST_CASE("output that is text is a string without the newline at its end") {
    CHECK(result_json("hello world\n") == "\"hello world\"");
    CHECK(result_json("two\nlines\n\n") == "\"two\\nlines\\n\"");
    CHECK(result_json("{broken") == "\"{broken\"");
    CHECK(result_json("gr\xC3\xBC\xC3\x9F") == "\"gr\xC3\xBC\xC3\x9F\"");
}

TEST_CASE("output that is no UTF-8 is base64, and no output is null") {
    CHECK(result_json("\xFF\xFE") == "{\"base64\":\"//4=\"}");
    CHECK(result_json("") == "null");
    CHECK(result_json("\n") == "null");
}

TEST_CASE("exit 0 completes") {
    CHECK(ended_with(0, "5") == report{.what = report::kind::complete, .result_json = "5"});
}

TEST_CASE("exit 75 releases the task for its back-off") {
    CHECK(ended_with(75) == report{.what = report::kind::release, .delay = backoff});
}

TEST_CASE("exit 65 and 78 are final, any other code is tried again") {
    for (const int code : {65, 78}) {
        CHECK(ended_with(code).what == report::kind::error);
        CHECK_FALSE(ended_with(code).retry);
    }
    for (const int code : {1, 2, 64, 66, 77, 126, 255}) {
        CHECK(ended_with(code).what == report::kind::error);
        CHECK(ended_with(code).retry);
    }
}

TEST_CASE("the message of an error has the code and the end of the log") {
    CHECK(ended_with(3, "", "line\nno such file\n").message == "exit code 3: line\nno such file");
    CHECK(ended_with(3).message == "exit code 3");
    const auto killed = outcome_of({.by_signal = true, .code = SIGKILL}, backoff);
    CHECK(killed.message == "killed by signal 9 (SIGKILL)");
    CHECK(killed.retry);
}

TEST_CASE("a message is well-formed and bounded whatever the log held") {
    const auto r = ended_with(1, "", std::string(4'095, '\xC3') + "x");
    CHECK(model::valid_utf8(r.message));
    CHECK(r.message.size() <= max_message_bytes);
    CHECK(r.message.back() == 'x');
}

TEST_CASE("a result of more than 64 KiB is a final error") {
    const auto cut = outcome_of({.code = 0, .output = "x", .output_cut = true}, backoff);
    CHECK(cut.what == report::kind::error);
    CHECK_FALSE(cut.retry);
    CHECK(cut.message.find("result_too_large") == 0);
    // It is the JSON that counts: quotes and escapes make this one too long.
    const auto escaped = ended_with(0, std::string(65'536, 'a'));
    CHECK(escaped.what == report::kind::error);
    CHECK(ended_with(0, std::string(65'534, 'a')).what == report::kind::complete);
}

TEST_CASE("a command that could not be started is tried again") {
    CHECK(outcome_of_failed_start("no such file").retry);
    CHECK(outcome_of_failed_start("no such file").message == "no such file");
}

}  // namespace
}  // namespace kwq::worker
