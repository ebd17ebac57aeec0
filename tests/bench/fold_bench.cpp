// Records per second that the tracker's fold takes in, state on RocksDB and commits included,
// beside RocksDB itself writing the rows that were left. Not a test: prints a table.
// `fold_bench DIRECTORY [TASKS]`
//
//   decode   reading the records alone
//   flow     tasks come, run and end in turns of 1,000: most rows change again before a commit
//   queue    all tasks come, then all run: each row is read back from the state
//   rocksdb  the rows that `flow` left, in batches of 10,000
#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"
#include "store/kv.hpp"
#include "tracker/fold.hpp"
#include "tracker/tables.hpp"

#include <rocksdb/db.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace kwq;

namespace {

using steady = std::chrono::steady_clock;

constexpr std::uint64_t rows_a_commit = 40'000;  // as the tracker's runner
const model::shard_id shard{0};
const model::queue_name queue{"default"};
const model::priority priority{5};

/// The three records of each task's life, as the log has them.
struct encoded_life {
    std::string task, allocated, complete;
};

model::job_name job_of(std::int64_t n) {
    return model::job_name{"job-" + std::to_string(n % 100)};
}

encoded_life encode(std::int64_t n) {
    const model::record place{queue, priority, model::offset{n}};
    const model::task_id id{"task-" + std::to_string(100'000'000 + n)};
    const model::lease_token lease{"0." + std::to_string(n) + ".abcdefgh"};
    model::task t;
    t.id = id;
    t.job = job_of(n);
    t.payload = "\"" + std::string(200, 'p') + "\"";
    model::allocated a;
    a.place = place;
    a.id = id;
    a.lease = lease;
    a.worker = model::worker_name{"worker-1"};
    a.intro = model::task_intro{t.job, {}, instant{1'000 + n}, {}};
    const model::owner_stamp stamp{model::offset{0}, milliseconds{n}};
    return {
        codec::write_task(t), codec::write_event({instant{2'000 + n}, stamp, a}),
        codec::write_event({instant{3'000 + n}, {}, model::complete{place, id, lease, {}, {}}})};
}

model::stored_task decode_task(std::int64_t n, const std::string& bytes) {
    codec::task_record_source from;
    from.topic = "kwq-default-5";
    from.place = {queue, priority, model::offset{n}};
    from.timestamp = instant{1'000 + n};
    from.value = bytes;
    return codec::read_stored_task(from).value();
}

/// The tracker's fold over lives, as its runner does it.
class folder {
public:
    explicit folder(const std::string& directory)
        : state_(open(directory)), tables_(*state_), fold_(tables_) {
        event(codec::write_event({instant{1}, {}, model::claim{"owner", "nonce"}}));
    }
    void task(std::int64_t n, const std::string& bytes) {
        fold_.add_task(shard, decode_task(n, bytes));
        commit_when_due();
    }
    void event(const std::string& bytes) {
        auto read = codec::read_event(bytes);
        fold_.add_event(shard, {model::offset{next_++}, *std::move(read)});
        commit_when_due();
    }
    void finish() {
        tables_.commit();
        if (tables_.totals.void_events > 0) {
            std::fputs("fold_bench: events did not count\n", stderr);
            std::exit(1);
        }
    }
    const store::kv& state() const { return *state_; }

private:
    static std::unique_ptr<store::kv> open(const std::string& directory) {
        store::rocksdb_options options;
        options.directory = directory;
        options.compacts = store::compaction::by_size;
        options.filtered = tracker::is_looked_up;
        return store::open_rocksdb(options);
    }
    void commit_when_due() {
        if (tables_.rows.changed_rows() >= rows_a_commit) {
            tables_.commit();
        }
    }

    std::unique_ptr<store::kv> state_;
    tracker::tables tables_;
    tracker::fold fold_;
    std::int64_t next_ = 0;
};

/// By the clock, and of this thread alone: on a busy machine the second is the one to compare.
struct elapsed {
    double wall_s = 0, thread_s = 0;
};

double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

elapsed time_of(const std::function<void()>& what) {
    const auto start = steady::now();
    const auto thread_start = thread_seconds();
    what();
    return {std::chrono::duration<double>(steady::now() - start).count(),
            thread_seconds() - thread_start};
}

void print(const char* name, const elapsed& e, std::size_t tasks, std::size_t records) {
    std::printf("%-8s %9.0f records/s %8.2f us a task %8.2f us of the thread\n", name,
                static_cast<double>(records) / e.wall_s,
                e.wall_s * 1e6 / static_cast<double>(tasks),
                e.thread_s * 1e6 / static_cast<double>(tasks));
}

void write_raw(const store::kv& from, const std::string& directory) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::Open(options, directory, &opened).ok()) {
        std::abort();
    }
    const std::unique_ptr<rocksdb::DB> db(opened);
    std::vector<std::pair<std::string, std::string>> rows;
    from.scan({}, {}, [&](std::string_view key, std::string_view value) {
        rows.emplace_back(key, value);
        return true;
    });
    const auto seconds = time_of([&] {
        rocksdb::WriteBatch batch;
        for (const auto& [key, value] : rows) {
            batch.Put(key, value);
            if (batch.Count() == 10'000) {
                db->Write({}, &batch);
                batch.Clear();
            }
        }
        db->Write({}, &batch);
    });
    std::printf("%-8s %9.0f rows/s, %zu rows, %.2f us of the thread a row\n", "rocksdb",
                static_cast<double>(rows.size()) / seconds.wall_s, rows.size(),
                seconds.thread_s * 1e6 / static_cast<double>(rows.size()));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: fold_bench DIRECTORY [TASKS]\n", stderr);
        return 2;
    }
    const std::string directory = argv[1];
    const std::size_t tasks = argc > 2 ? std::stoul(argv[2]) : 200'000;
    std::vector<encoded_life> lives;
    for (std::size_t n = 0; n < tasks; ++n) {
        lives.push_back(encode(static_cast<std::int64_t>(n)));
    }
    const auto each = [&](const auto& visit) {
        for (std::size_t n = 0; n < tasks; ++n) {
            visit(static_cast<std::int64_t>(n), lives[n]);
        }
    };
    const auto decoding = time_of([&] {
        each([](std::int64_t n, const encoded_life& life) {
            decode_task(n, life.task);
            static_cast<void>(codec::read_event(life.allocated).has_value());
            static_cast<void>(codec::read_event(life.complete).has_value());
        });
    });
    print("decode", decoding, tasks, 3 * tasks);
    folder flow(directory + "/flow");
    print("flow", time_of([&] {
              for (std::size_t from = 0; from < tasks; from += 1'000) {
                  const auto to = std::min(from + 1'000, tasks);
                  for (auto n = from; n < to; ++n) {
                      flow.task(static_cast<std::int64_t>(n), lives[n].task);
                  }
                  for (auto n = from; n < to; ++n) {
                      flow.event(lives[n].allocated);
                  }
                  for (auto n = from; n < to; ++n) {
                      flow.event(lives[n].complete);
                  }
              }
              flow.finish();
          }),
          tasks, 3 * tasks);
    folder waiting(directory + "/queue");
    print("queue", time_of([&] {
              each([&](std::int64_t n, const encoded_life& l) { waiting.task(n, l.task); });
              each([&](std::int64_t, const encoded_life& l) {
                  waiting.event(l.allocated);
                  waiting.event(l.complete);
              });
              waiting.finish();
          }),
          tasks, 3 * tasks);
    write_raw(flow.state(), directory + "/raw");
    return 0;
}
