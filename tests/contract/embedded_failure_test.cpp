// What the embedded log does when the disk fails it: it says "unknown", stops, tells its owner
// once, and what it had promised is there after the next start.
#include "fragile_disk.hpp"
#include "log_fixtures.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <filesystem>
#include <tuple>

using namespace kwq;
using namespace kwq::eventlog;
using namespace kwq::eventlog::contract;

namespace {

/// An embedded log on a disk that can fail.
class failing_fixture {
public:
    failing_fixture() { open(); }

    void open() {
        log_ = open_embedded_log({.directory = directory_.path(),
                                  .time = system_clock(),
                                  .on_stop = [this](const std::string&) { ++stops_; },
                                  .env = disk_.env()});
        REQUIRE(log_->ensure_topic("t", 1).has_value());
    }
    void close() { log_.reset(); }

    event_log& log() { return *log_; }
    void pump_until(const std::function<bool()>& done) { wait_until(done); }
    fragile_disk& disk() { return disk_; }
    int stops() const { return stops_; }
    std::string directory() const { return directory_.path(); }

private:
    scratch_directory directory_;
    fragile_disk disk_;
    std::atomic<int> stops_ = 0;
    std::unique_ptr<event_log> log_;
};

void check_stopped(failing_fixture& f) {
    CHECK(append(f, only_partition, plain_records({"later"})).error().code == errc::stopped);
    CHECK(f.log().ensure_topic("new", 1).error().code == errc::stopped);
    CHECK(f.log().flush().has_error());
    CHECK(f.stops() == 1);
}

}  // namespace

TEST_CASE("a failed write is answered unknown, then the log is stopped and says so once") {
    failing_fixture f;
    REQUIRE(append(f, only_partition, plain_records({"kept"})).has_value());
    f.disk().fail(disk_operation::append, ".log");
    CHECK(append(f, only_partition, plain_records({"perhaps"})).error().code == errc::unknown);
    check_stopped(f);
    CHECK(f.log().trim(only_partition, offset{1}).error().code == errc::stopped);
    CHECK(read_values(f.log(), only_partition) == std::vector<std::string>{"kept"});
}

TEST_CASE("a failed sync is answered unknown to all who wait for it, and stops the log") {
    failing_fixture f;
    REQUIRE(append(f, only_partition, plain_records({"kept"})).has_value());
    f.disk().fail(disk_operation::sync, ".log");
    answer first;
    answer second;
    f.log().append(only_partition, plain_records({"perhaps"}), durability::synced,
                   first.callback());
    f.log().append(only_partition, plain_records({"or this"}), durability::synced,
                   second.callback());
    f.pump_until([&] { return first.has() && second.has(); });
    CHECK(first.get().error().code == errc::unknown);
    CHECK(
        (second.get().error().code == errc::unknown || second.get().error().code == errc::stopped));
    check_stopped(f);
    CHECK(f.log().range(only_partition).value().durable == offset{1});
}

TEST_CASE("a sync that fails behind an ordered append stops the log as well") {
    failing_fixture f;
    f.disk().fail(disk_operation::sync, ".log");
    CHECK(append(f, only_partition, plain_records({"told"}), durability::ordered).has_value());
    f.pump_until([&] { return f.stops() == 1; });
    check_stopped(f);
}

TEST_CASE("a table file that cannot be written stops the log") {
    failing_fixture f;
    f.disk().fail(disk_operation::append, ".sst");
    const std::string big(max_record_bytes, 'x');
    for (int i = 0; i < 40 && f.stops() == 0; ++i) {
        append(f, only_partition, plain_records({big}), durability::ordered);
    }
    f.pump_until([&] { return f.stops() == 1; });
    check_stopped(f);
}

TEST_CASE("whichever operation fails, what was answered is there after the next start") {
    // From 0 on: the log is open and has its topic by then.
    for (int n = 0; n < 40; n += 2) {
        failing_fixture f;
        f.disk().fail_after(n);
        std::int64_t promised = 0;
        for (int i = 0; i < 30; ++i) {
            const auto how = i % 3 == 0 ? durability::synced : durability::ordered;
            if (append(f, only_partition, plain_records({std::to_string(i)}), how).has_value()) {
                promised = i + 1;
            }
        }
        CHECK(f.stops() == 1);
        f.close();
        f.disk().fail_after(INT64_MAX);
        f.open();
        const auto values = read_values(f.log(), only_partition);
        CHECK(static_cast<std::int64_t>(values.size()) >= promised);
        for (std::size_t i = 0; i < values.size(); ++i) {
            CHECK(values[i] == std::to_string(i));
        }
    }
}

TEST_CASE("a power cut takes nothing below the durable end and leaves no hole") {
    seeded_random random(11);
    for (int cut = 0; cut < 40; ++cut) {
        failing_fixture f;
        const auto appends = 1 + random.below(40);
        for (std::uint64_t i = 0; i < appends; ++i) {
            const auto how = random.below(4) == 0 ? durability::synced : durability::ordered;
            REQUIRE(append(f, only_partition, plain_records({std::to_string(i)}), how).has_value());
        }
        const auto durable = f.log().range(only_partition).value().durable;
        f.disk().cut_power();
        f.close();
        f.disk().lose_unsynced(random);
        f.disk().fail_after(INT64_MAX);
        f.open();
        const auto values = read_values(f.log(), only_partition);
        CHECK(static_cast<std::int64_t>(values.size()) >= durable.value());
        CHECK(values.size() <= appends);
        for (std::size_t i = 0; i < values.size(); ++i) {
            CHECK(values[i] == std::to_string(i));
        }
        CHECK(append(f, only_partition, plain_records({"on"})).value().value() ==
              static_cast<std::int64_t>(values.size()));
    }
}

TEST_CASE("appends are refused while the disk has less than the reserve free, and no longer") {
    scratch_directory directory;
    hand_clock time;
    const auto try_append = [&](std::uint64_t reserve) {
        const auto log = open_embedded_log(
            {.directory = directory.path(), .time = time, .reserve_bytes = reserve});
        REQUIRE(log->ensure_topic("t", 1).has_value());
        answer a;
        log->append(only_partition, plain_records({"x"}), durability::synced, a.callback());
        wait_until([&] { return a.has(); });
        const auto end = log->range(only_partition).value().end;
        return std::pair(a.get(), end);
    };
    const auto refused = try_append(UINT64_MAX);
    CHECK(refused.first.error().code == errc::storage_full);
    CHECK(refused.second == offset{0});
    CHECK(try_append(0).second == offset{1});
    CHECK(try_append(1).second == offset{2});
}

TEST_CASE("topics that may use the reserve are refused only in the last quarter of it") {
    scratch_directory directory;
    hand_clock time;
    const auto free = std::filesystem::space(directory.path()).available;
    const topic_partition ends{"ends", 0};
    const auto try_both = [&](std::uint64_t reserve) {
        const auto log = open_embedded_log({.directory = directory.path(),
                                            .time = time,
                                            .reserve_bytes = reserve,
                                            .may_use_reserve = {"ends"}});
        REQUIRE(log->ensure_topic("t", 1).has_value());
        REQUIRE(log->ensure_topic("ends", 1).has_value());
        std::array<answer, 3> answers;
        log->append(ends, plain_records({"a"}), durability::synced, answers[0].callback());
        log->append(only_partition, plain_records({"x"}), durability::synced,
                    answers[1].callback());
        log->append(ends, plain_records({"b"}), durability::synced, answers[2].callback());
        for (const auto& a : answers) {
            wait_until([&] { return a.has(); });
        }
        CHECK(log->flush().has_value());
        CHECK(log->range(only_partition).value().end == offset{0});
        return std::tuple(answers[0].get(), answers[1].get(), answers[2].get());
    };
    const auto [first, other, second] = try_both(free * 2);
    CHECK(first.value() == offset{0});
    CHECK(other.error().code == errc::storage_full);
    CHECK(second.value() == offset{1});
    const auto [full, as_well, still] = try_both(free * 8);
    CHECK(full.error().code == errc::storage_full);
    CHECK(as_well.error().code == errc::storage_full);
    CHECK(still.error().code == errc::storage_full);
}
