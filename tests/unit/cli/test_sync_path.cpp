// Which folders a command syncs after it made some of them.
#include "cli/sync_path.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace kwq::cli;

TEST_CASE("the lowest folder that is there is found, however the path is written") {
    const kwq::test::temporary_directory made;
    const auto top = std::filesystem::path(made.file("x")).parent_path().string();
    CHECK(folder_there(top) == top);
    CHECK(folder_there(top + "/") == top);
    CHECK(folder_there(top + "/a/b") == top);
    CHECK(folder_there(top + "/a/../b/c") == top);
    CHECK(folder_there("/nowhere/at/all") == "/");
}

TEST_CASE("every folder that was made is synced, and one that is not there cannot be") {
    const kwq::test::temporary_directory made;
    const auto top = std::filesystem::path(made.file("x")).parent_path().string();
    std::filesystem::create_directories(top + "/a/b/c");
    CHECK(sync_folders(top + "/a/b/c", top));
    CHECK(sync_folders(top, top));
    CHECK_FALSE(sync_folders(top + "/a/b/d", top));
    CHECK_FALSE(sync_path(top + "/none"));
}
