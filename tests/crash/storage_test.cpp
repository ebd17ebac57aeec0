// What the log's storage says when the disk refuses it, call by call.
#include "brittle_disk.hpp"
#include "eventlog/embedded/log_storage.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace kwq;
using namespace kwq::eventlog;

namespace {

const partition_key somewhere{1, 0};

void put_one(log_storage& storage, std::int64_t at) {
    std::string row(100, 'x');
    seal(row_key(somewhere, offset{at}), row);
    storage.put(somewhere, offset{at}, row);
}

}  // namespace

// RocksDB itself asserts that no file is touched again after a write to it failed.
TEST_CASE("A sync on its way while a write fails is refused, and does not reach the file") {
    const test::temporary_directory here;
    const auto log = here.path() + "/log";
    const auto attic = here.path() + "/attic";
    std::filesystem::create_directories(attic);
    crash::brittle_disk disk(attic, 1, milliseconds{0});
    auto opened = open_log_storage({.directory = log, .env = disk.env()});
    REQUIRE(opened.has_value());
    auto& storage = **opened;

    put_one(storage, 0);
    REQUIRE_FALSE(storage.write());
    disk.fail_call({.number = disk.calls() + 1, .no_space = true});
    put_one(storage, 1);
    REQUIRE(storage.write());
    const auto synced = storage.sync();
    REQUIRE(synced);
    CHECK(synced->find("a write before it failed") != std::string::npos);
}
