// That the embedded log notices when what it stored has changed, and what it makes of a hole. The
// tests change rows behind its back, through RocksDB.
#include "eventlog/embedded/stored_record.hpp"
#include "eventlog/embedded/write_ahead_scan.hpp"
#include "log_fixtures.hpp"

#include <rocksdb/db.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace kwq;
using namespace kwq::eventlog;
using namespace kwq::eventlog::contract;

namespace {

constexpr partition_key stored{1, 0};  // the first topic made has number 1

/// The rows of a log that nobody has open.
class raw_rows {
public:
    explicit raw_rows(const std::string& directory) {
        rocksdb::DB* opened = nullptr;
        REQUIRE(rocksdb::DB::Open({}, directory, &opened).ok());
        db_.reset(opened);
    }
    std::string get(const std::string& key) const {
        std::string value;
        REQUIRE(db_->Get({}, key, &value).ok());
        return value;
    }
    void put(const std::string& key, const std::string& value) {
        REQUIRE(db_->Put({}, key, value).ok());
    }
    void erase(const std::string& key) { REQUIRE(db_->Delete({}, key).ok()); }

private:
    std::unique_ptr<rocksdb::DB> db_;
};

/// Five records, closed.
class five_records {
public:
    five_records() {
        auto log = open();
        REQUIRE(log->ensure_topic("t", 1).has_value());
        answer a;
        log->append(only_partition, plain_records({"r0", "r1", "r2", "r3", "r4"}),
                    durability::synced, a.callback());
        wait_until([&] { return a.has(); });
    }
    std::unique_ptr<event_log> open() const {
        return open_embedded_log({.directory = directory_.path(), .time = system_clock()});
    }
    raw_rows rows() const { return raw_rows(directory_.path()); }
    /// Appends one record at a time and closes.
    void add(const std::vector<std::string>& values) const {
        const auto log = open();
        for (const auto& value : values) {
            answer a;
            log->append(only_partition, plain_records({value}), durability::synced, a.callback());
            wait_until([&] { return a.has(); });
        }
    }
    /// Zeroes 8 bytes of the write-ahead file that holds `text`, in the middle of it.
    void spoil(const std::string& text) const {
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
            if (entry.path().extension() != ".log") {
                continue;
            }
            std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
            const std::string bytes((std::istreambuf_iterator<char>(file)), {});
            const auto found = bytes.find(text);
            if (found != std::string::npos) {
                file.seekp(static_cast<std::streamoff>(found + text.size() / 2));
                file << std::string(8, '\0');
                return;
            }
        }
        FAIL("no write-ahead file has " << text);
    }

private:
    scratch_directory directory_;
};

std::string key_of(std::int64_t at) {
    return row_key(stored, offset{at});
}

/// Where the log notes up to where a partition was durable.
std::string watermark_key() {
    return row_key({0, 0}, offset{0}) + "d" + row_key(stored, offset{0});
}

}  // namespace

TEST_CASE("a changed byte in a stored record is found, and the ones before are read") {
    const five_records f;
    const auto size = f.rows().get(key_of(3)).size();
    for (const std::size_t i : {std::size_t{0}, size / 2, size - 1}) {
        const auto original = f.rows().get(key_of(3));
        auto changed = original;
        changed[i] = static_cast<char>(changed[i] ^ 0x20);
        f.rows().put(key_of(3), changed);
        {
            const auto log = f.open();
            CHECK(log->read(only_partition, offset{0}, 1000).value().size() == 3);
            const auto bad = log->read(only_partition, offset{3}, 1000);
            REQUIRE(bad.has_error());
            CHECK(bad.error().code == errc::corrupt);
            CHECK_THAT(bad.error().detail, Catch::Contains("offset 3"));
            CHECK(log->read(only_partition, offset{4}, 1000).value().front().value == "r4");
        }
        f.rows().put(key_of(3), original);
    }
}

TEST_CASE("a record that stands where another belongs is found") {
    const five_records f;
    const auto other = f.rows().get(key_of(2));
    f.rows().put(key_of(3), other);
    CHECK(f.open()->read(only_partition, offset{3}, 1000).error().code == errc::corrupt);
}

TEST_CASE("a hole in what was durable is reported, not cut off") {
    const five_records f;
    f.rows().put(watermark_key(), "5");
    f.rows().erase(key_of(3));
    const auto log = f.open();
    CHECK(log->range(only_partition).value().end == offset{5});
    CHECK(log->read(only_partition, offset{0}, 1000).value().size() == 3);
    CHECK(log->read(only_partition, offset{3}, 1000).error().code == errc::corrupt);
}

TEST_CASE("what lies behind a hole that was never durable is cut off at the start") {
    const five_records f;
    f.rows().put(watermark_key(), "2");
    f.rows().erase(key_of(3));
    for (int start = 0; start < 2; ++start) {
        const auto log = f.open();
        CHECK(log->range(only_partition).value().end == offset{3});
        CHECK(log->range(only_partition).value().durable == offset{3});
        CHECK(read_values(*log, only_partition) == std::vector<std::string>{"r0", "r1", "r2"});
    }
}

TEST_CASE("a write that a power cut has torn is cut off: the log opens with all before it") {
    const five_records f;
    f.add({"kept"});
    f.add({"the one that was being written: torn in the middle"});
    f.spoil("the one that was being written: torn in the middle");
    for (int start = 0; start < 2; ++start) {
        CHECK(read_values(*f.open(), only_partition) ==
              std::vector<std::string>{"r0", "r1", "r2", "r3", "r4", "kept"});
    }
    f.add({"on"});
    CHECK(read_values(*f.open(), only_partition).back() == "on");
}

TEST_CASE("a spoilt write that was durable, as a later one knows, keeps the log from opening") {
    const five_records f;
    f.add({"some text that was synced", "one more", "and another"});
    f.spoil("some text that was synced");
    try {
        f.open();
        FAIL("opened");
    } catch (const log_failure& e) {
        CHECK(e.error().code == errc::cannot_open);
        CHECK_THAT(e.what(), Catch::Contains("Corruption"));
    }
}

TEST_CASE("a table of topics that cannot be read keeps the log from opening") {
    const five_records f;
    f.rows().put(row_key({0, 0}, offset{0}) + "tt", "nonsense");
    try {
        f.open();
        FAIL("opened");
    } catch (const log_failure& e) {
        CHECK(e.error().code == errc::corrupt);
    }
}

TEST_CASE("a write-ahead file that cannot be read is not taken for an empty one") {
    const scratch_directory directory;
    const auto nothing = [](std::string_view, std::string_view) {};
    CHECK(scan_write_ahead(directory.path(), nothing));
    std::filesystem::create_directory(directory.file("000001.log"));  // opens, and cannot be read
    CHECK_FALSE(scan_write_ahead(directory.path(), nothing));
    CHECK_FALSE(scan_write_ahead(directory.file("nowhere"), nothing));
}
