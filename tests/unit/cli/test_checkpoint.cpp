// The checkpoint of a file that is being submitted.
#include "cli/checkpoint.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

namespace kwq::cli {

namespace {

const checkpoint sample{.file_bytes = 1'000,
                        .file_hash = "00ff",
                        .offset = 640,
                        .line = 12,
                        .submitted = 10,
                        .failed = 2};

}  // namespace

TEST_CASE("a checkpoint that was saved is loaded as it was") {
    const test::temporary_directory dir;
    const auto path = checkpoint_path(dir.file("tasks.ndjson"));
    CHECK(path == dir.file("tasks.ndjson.kwq-progress"));
    CHECK_FALSE(load_checkpoint(path));
    REQUIRE(save_checkpoint(path, sample));
    CHECK(load_checkpoint(path) == sample);
    CHECK_FALSE(std::filesystem::exists(path + ".new"));
    remove_checkpoint(path);
    CHECK_FALSE(load_checkpoint(path));
}

TEST_CASE("a checkpoint cut off at any byte is no checkpoint, never a wrong one") {
    const std::string text = write_checkpoint(sample);
    for (std::size_t n = 0; n + 2 < text.size(); ++n) {
        INFO(n);
        CHECK_FALSE(parse_checkpoint(text.substr(0, n)));
    }
    CHECK(parse_checkpoint(text) == sample);
}

TEST_CASE("a checkpoint of another version or with impossible numbers is not used") {
    for (const char* text : {
             R"({"v":2,"file_bytes":9,"file_hash":"a","offset":1,"line":1})",
             R"({"v":1,"file_bytes":9,"file_hash":"a","offset":10,"line":1})",
             R"({"v":1,"file_bytes":9,"file_hash":"a","offset":-1,"line":1})",
             R"({"v":1,"file_bytes":9,"file_hash":"","offset":1,"line":1})",
             R"([])",
         }) {
        INFO(text);
        CHECK_FALSE(parse_checkpoint(text));
    }
}

TEST_CASE("a directory that cannot be written to is an answer, not a crash") {
    CHECK_FALSE(save_checkpoint("/proc/none/x.kwq-progress", sample));
}

}  // namespace kwq::cli
