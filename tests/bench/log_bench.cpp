// Appends per second of the embedded log by batch size, beside RocksDB itself writing batches of
// the same rows in the same run. Not a test: prints a table. `log_bench DIRECTORY [SECONDS]`
//
//   rocksdb  one WriteBatch, synced, one after the other
//   alone    one synced append in flight: what a single caller sees
//   many     64 synced appends in flight: the group commit at work
//   ordered  64 ordered appends in flight: visible, not waiting for the disk
#include "base/clock.hpp"
#include "eventlog/embedded/embedded_log.hpp"
#include "eventlog/embedded/stored_record.hpp"

#include <rocksdb/db.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <semaphore>
#include <string>

using namespace kwq;
using namespace kwq::eventlog;

namespace {

constexpr std::size_t value_bytes = 300;
constexpr partition_key rows{1, 0};
const topic_partition here{"t", 0};

using steady = std::chrono::steady_clock;

/// Runs `once` (which answers how many records it did) for the time given; records per second.
template <class Once>
double rate(double seconds, Once once) {
    const auto start = steady::now();
    double records = 0;
    std::chrono::duration<double> passed{};
    do {
        records += static_cast<double>(once());
        passed = steady::now() - start;
    } while (passed.count() < seconds);
    return records / passed.count();
}

double raw_rate(const std::string& directory, std::size_t batch, double seconds) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::Open(options, directory, &opened).ok()) {
        std::abort();
    }
    const std::unique_ptr<rocksdb::DB> db(opened);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    const std::string value(value_bytes, 'x');
    std::int64_t next = 0;
    return rate(seconds, [&] {
        rocksdb::WriteBatch write;
        for (std::size_t i = 0; i < batch; ++i) {
            write.Put(row_key(rows, offset{next++}), value);
        }
        if (!db->Write(synced, &write).ok()) {
            std::abort();
        }
        return batch;
    });
}

struct load {
    std::size_t batch;
    std::ptrdiff_t in_flight;
    durability how;
};

double log_rate(const std::string& directory, const load& l, double seconds) {
    const auto log = open_embedded_log({.directory = directory, .time = system_clock()});
    log->ensure_topic(here.topic, 1).value();
    std::counting_semaphore<> room(l.in_flight);
    const std::vector<new_record> batch(
        l.batch, {.key = {}, .value = std::string(value_bytes, 'x'), .headers = {}});
    const auto done = rate(seconds, [&] {
        room.acquire();
        log->append(here, batch, l.how, [&room](const result<offset>& r) {
            r.value();
            room.release();
        });
        return l.batch;
    });
    log->flush().value();
    return done;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: log_bench DIRECTORY [SECONDS]\n");
        return 1;
    }
    const std::filesystem::path directory = argv[1];
    const double seconds = argc > 2 ? std::atof(argv[2]) : 2.0;
    std::printf("records/s of %zu bytes\n%6s %10s %10s %10s %10s\n", value_bytes, "batch",
                "rocksdb", "alone", "many", "ordered");
    for (const std::size_t batch : {1U, 10U, 100U, 1000U}) {
        const auto fresh = [&] {
            std::filesystem::remove_all(directory / "bench");
            std::filesystem::create_directories(directory);
            return (directory / "bench").string();
        };
        const double raw = raw_rate(fresh(), batch, seconds);
        const double alone = log_rate(fresh(), {batch, 1, durability::synced}, seconds);
        const double many = log_rate(fresh(), {batch, 64, durability::synced}, seconds);
        const double ordered = log_rate(fresh(), {batch, 64, durability::ordered}, seconds);
        std::printf("%6zu %10.0f %10.0f %10.0f %10.0f\n", batch, raw, alone, many, ordered);
        std::fflush(stdout);
    }
    std::filesystem::remove_all(directory / "bench");
    return 0;
}
