// Fills the data directory of a server with very many tasks that have run, as the real tracker
// folds them, and says how fast that went beside RocksDB itself writing the same rows. Not a test.
// `track_load DATA TASKS [OF]`; tests/bench/questions runs it and then asks the server that it
// made.
//
// Jobs and tags are those of a load of OF tasks, of which TASKS are the beginning: see
// make_shape(); each task has five tags of a Zipf distribution; one in 200 ends as a dead letter. A
// chunk of tasks at a time is appended to the embedded log, shown to the tracker, folded, and taken
// from the log again, so that the disk only has to hold the rows. What is left is a log that begins
// at a horizon.
#include "codec/event_codec.hpp"
#include "codec/task_codec.hpp"
#include "eventlog/embedded/embedded_log.hpp"
#include "eventlog/topics.hpp"
#include "store/kv.hpp"
#include "tracker/keys.hpp"
#include "tracker/tracker.hpp"

#include <rocksdb/db.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace kwq;

namespace {

using steady = std::chrono::steady_clock;

constexpr std::int64_t chunk = 500'000;
constexpr std::int64_t turn = 1'000;  // tasks that come, run and end together
constexpr std::size_t tags_each = 5;
constexpr std::int64_t dead_each = 200;
constexpr std::int32_t priorities = 9;
const model::queue_name queue{"default"};
const model::priority priority{5};

double seconds_since(steady::time_point start) {
    return std::chrono::duration<double>(steady::now() - start).count();
}

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "track_load: %s\n", why.c_str());
    std::exit(1);
}

/// 50 million tasks: 100,000 jobs, one of them of a million tasks, and a million tags.
struct shape {
    std::int64_t tasks, jobs, tags, big;
};

shape make_shape(std::int64_t tasks) {
    return {tasks, std::max<std::int64_t>(tasks / 500, 2), std::max<std::int64_t>(tasks / 50, 10),
            std::min<std::int64_t>(1'000'000, tasks / 2)};
}

class maker {
public:
    maker(const shape& s, instant from) : shape_(s), from_(from) {
        double sum = 0;
        for (std::int64_t rank = 1; rank <= s.tags; ++rank) {
            sum += 1.0 / static_cast<double>(rank);
            zipf_.push_back(sum);
        }
    }

    model::task task(std::int64_t n) {
        model::task t;
        t.id = model::task_id{"task-" + std::to_string(100'000'000 + n)};
        t.job = model::job_name{job_of(n)};
        while (t.tags.size() < tags_each) {
            model::tag_name tag{"tag:" + std::to_string(rank())};
            if (std::find(t.tags.begin(), t.tags.end(), tag) == t.tags.end()) {
                t.tags.push_back(std::move(tag));
            }
        }
        t.payload = "\"" + std::string(100, 'p') + "\"";
        return t;
    }
    instant at(std::int64_t n) const { return from_ + milliseconds{n / 10}; }

private:
    std::string job_of(std::int64_t n) const {
        const auto every = std::max<std::int64_t>(shape_.jobs * 500 / shape_.big, 2);
        return n % every == 0 ? "big" : "job-" + std::to_string(n % (shape_.jobs - 1));
    }
    std::size_t rank() {
        const auto drawn = std::uniform_real_distribution<double>(0, zipf_.back())(random_);
        return static_cast<std::size_t>(std::lower_bound(zipf_.begin(), zipf_.end(), drawn) -
                                        zipf_.begin());
    }

    const shape shape_;
    const instant from_;
    std::vector<double> zipf_;  // sums
    std::mt19937_64 random_{7};
};

/// Task records, and the owner's and workers' events, onto an embedded log.
class writer {
public:
    writer(eventlog::event_log& log, const shape& s, instant from) : log_(log), make_(s, from) {
        for (const auto& topic : {topics_.status(), topics_.control(), topics_.rejected()}) {
            log_.ensure_topic(topic, 1).value();
        }
        for (std::int32_t p = 1; p <= priorities; ++p) {
            log_.ensure_topic(topics_.tasks(queue, model::priority{p}), 1).value();
        }
        add(model::event{from, {}, model::claim{"load", "nonce"}});
    }

    void lives(std::int64_t first, std::int64_t last) {
        for (auto from = first; from < last; from += turn) {
            const auto to = std::min(from + turn, last);
            std::vector<model::task> tasks;
            for (auto n = from; n < to; ++n) {
                tasks.push_back(make_.task(n));
                tasks_.push_back(
                    {tasks.back().id.value(), codec::write_task(tasks.back()), {}, make_.at(from)});
            }
            for (auto n = from; n < to; ++n) {
                life(n, tasks[static_cast<std::size_t>(n - from)]);
            }
            send();
        }
    }
    /// The log may begin here; `waiting` tasks that nobody took follow.
    void end(std::int64_t n, std::int64_t waiting) {
        add(owned(n, model::horizon{instant{1}, model::offset{0}}));
        for (auto w = n; w < n + waiting; ++w) {
            const auto t = make_.task(w);
            tasks_.push_back({t.id.value(), codec::write_task(t), {}, make_.at(w)});
        }
        send();
    }
    void trim() {
        trim(topics_.tasks(queue, priority));
        trim(topics_.status());
    }
    const eventlog::topic_names& topics() const { return topics_; }

private:
    model::event owned(std::int64_t n, model::event_body body) const {
        return {make_.at(n), model::owner_stamp{model::offset{0}, milliseconds{n}},
                std::move(body)};
    }
    void life(std::int64_t n, const model::task& t) {
        const model::record place{queue, priority, model::offset{n}};
        const model::lease_token lease{"0." + std::to_string(n) + ".abcdefgh"};
        model::allocated a{
            place, t.id,
            lease, model::worker_name{"w-" + std::to_string(n % 100)},
            1,     model::task_intro{t.job, t.tags, make_.at(n - n % turn), t.limits}};
        add(owned(n, std::move(a)));
        if (n % dead_each == 0) {
            add({make_.at(n + turn),
                 {},
                 model::task_error{place, t.id, lease, "no host 10.0.0." + std::to_string(n % 250),
                                   false, model::error_kind::reported}});
        } else {
            add({make_.at(n + turn), {}, model::complete{place, t.id, lease, {}, {}}});
        }
    }
    void add(const model::event& e) {
        events_.push_back({codec::event_key(e), codec::write_event(e), {}, e.at});
    }
    void send() {
        append(topics_.tasks(queue, priority), tasks_);
        append(topics_.status(), events_);
    }
    void append(const std::string& topic, std::vector<eventlog::new_record>& records) {
        if (records.empty()) {
            return;
        }
        std::promise<bool> done;
        log_.append(
            {topic, 0}, std::exchange(records, {}), eventlog::durability::ordered,
            [&done](const eventlog::result<model::offset>& r) { done.set_value(r.has_value()); });
        if (!done.get_future().get()) {
            give_up("the log takes nothing more");
        }
    }
    /// All but the last record, by which a state knows its log.
    void trim(const std::string& topic) {
        const auto end = log_.range({topic, 0}).value().end;
        log_.trim({topic, 0}, model::offset{end.value() - 1}).value();
    }

    eventlog::event_log& log_;
    const eventlog::topic_names topics_;
    maker make_;
    std::vector<eventlog::new_record> tasks_, events_;
};

/// The log as its reader knows it: up to where it was shown. So that a chunk is all there before
/// any of it is folded.
class shown_log final : public eventlog::event_log {
public:
    explicit shown_log(eventlog::event_log& log) : log_(log) {}

    void show() {
        log_.flush().value();  // the reader commits what is durable
        const std::lock_guard lock(mutex_);
        for (auto& [where, told] : shown_) {
            const auto now = log_.range(where).value();
            told.is_read = told.is_read && told.range.end == now.end;
            told.range = now;
            told.tell(told.range);
        }
    }
    eventlog::result<void> ensure_topic(const std::string& topic, std::int32_t n) override {
        return log_.ensure_topic(topic, n);
    }
    void append(const eventlog::topic_partition& where, std::vector<eventlog::new_record> batch,
                eventlog::durability how, append_callback done) override {
        log_.append(where, std::move(batch), how, std::move(done));
    }
    eventlog::result<std::vector<eventlog::log_record>> read(const eventlog::topic_partition& where,
                                                             model::offset from,
                                                             std::size_t bytes) override {
        auto records = log_.read(where, from, bytes);
        if (records && !records->empty()) {
            const std::lock_guard lock(mutex_);
            shown_[where].is_read =
                records->back().offset.value() + 1 == shown_[where].range.end.value();
            read_.notify_all();
        }
        return records;
    }
    /// Until all that is shown was read: who asks the reader meanwhile makes it answer soon, and so
    /// slower.
    void wait_until_read() {
        std::unique_lock lock(mutex_);
        read_.wait(lock, [this] {
            return std::all_of(shown_.begin(), shown_.end(),
                               [](const auto& told) { return told.second.is_read; });
        });
    }
    eventlog::result<eventlog::partition_range> range(
        const eventlog::topic_partition& where) override {
        const std::lock_guard lock(mutex_);
        const auto found = shown_.find(where);
        return found == shown_.end() ? log_.range(where) : found->second.range;
    }
    eventlog::result<void> trim(const eventlog::topic_partition& where,
                                model::offset before) override {
        return log_.trim(where, before);
    }
    void watch(const eventlog::topic_partition& where, const std::string& /*name*/,
               watch_callback tell) override {
        const std::lock_guard lock(mutex_);
        if (tell) {
            shown_[where] = {log_.range(where).value(), std::move(tell), true};
        } else {
            shown_.erase(where);
        }
    }
    eventlog::result<void> flush() override { return log_.flush(); }

private:
    struct told {
        eventlog::partition_range range;
        watch_callback tell;
        bool is_read = true;
    };
    eventlog::event_log& log_;
    std::mutex mutex_;
    std::condition_variable read_;
    std::map<eventlog::topic_partition, told> shown_;
};

class folder {
public:
    folder(eventlog::event_log& log, const eventlog::topic_names& topics,
           const std::string& directory)
        : topics_(topics),
          log_(log),
          tracker_(tracker::make_tracker({.directory = directory},
                                         {.log = log_,
                                          .topics = topics,
                                          .time = system_clock(),
                                          .logger = *logger_,
                                          .fatal = [](const std::string& why) { give_up(why); }})) {
        tracker_->queue_added(queue, priorities);
        tracker_->start();
    }
    ~folder() { tracker_->stop(); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    /// What the log has by now; how long that took.
    double fold() {
        const auto start = steady::now();
        log_.show();
        const model::position event{
            .status = true,
            .place = {.queue = {}, .priority = {}, .offset = last(topics_.status())}};
        const model::position task{
            .status = false, .place = {queue, priority, last(topics_.tasks(queue, priority))}};
        log_.wait_until_read();
        for (bool is_done = false; !is_done;) {  // each question waits for ten seconds at most
            std::promise<bool> answered;
            tracker_->stats({task, event},
                            [&answered](const auto& s) { answered.set_value(s.has_value()); });
            is_done = answered.get_future().get();
        }
        return seconds_since(start);
    }

private:
    model::offset last(const std::string& topic) {
        return model::offset{log_.range({topic, 0}).value().end.value() - 1};
    }

    const eventlog::topic_names& topics_;
    shown_log log_;
    const std::unique_ptr<observe::logger> logger_ = observe::make_null_logger();
    const std::unique_ptr<tracker::tracker> tracker_;
};

double bytes_in(const std::string& directory) {
    double bytes = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
        bytes += file.is_regular_file() ? static_cast<double>(file.file_size()) : 0;
    }
    return bytes;
}

/// The same rows into a database of RocksDB's own defaults, in batches; only the writing counts.
void write_raw(const std::string& state, const std::string& directory, double records) {
    store::rocksdb_options given;
    given.directory = state;
    given.compacts = store::compaction::by_size;  // as the tracker has it
    given.filtered = tracker::is_looked_up;
    const auto from = store::open_rocksdb(given);
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::Open(options, directory, &opened).ok()) {
        give_up("cannot open " + directory);
    }
    const std::unique_ptr<rocksdb::DB> db(opened);
    rocksdb::WriteBatch batch;
    double spent = 0;
    double rows = 0;
    const auto write = [&] {
        const auto start = steady::now();
        db->Write({}, &batch);
        spent += seconds_since(start);
        batch.Clear();
    };
    from->scan({}, {}, [&](std::string_view key, std::string_view value) {
        batch.Put(key, value);
        ++rows;
        if (batch.Count() == 10'000) {
            write();
        }
        return true;
    });
    write();
    std::printf("rocksdb  %.0f rows in %.1f s: %.0f rows/s, %.0f records/s if that were all\n",
                rows, spent, rows / spent, records / spent);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: track_load DATA TASKS [OF]\n", stderr);
        return 2;
    }
    const std::string data = argv[1];
    auto s = make_shape(std::stoll(argv[argc > 3 ? 3 : 2]));
    s.tasks = std::stoll(argv[2]);
    std::filesystem::create_directories(data);
    const auto now = system_clock().wall();
    double folding = 0;
    {
        const auto log = eventlog::open_embedded_log(
            {.directory = data + "/log", .time = system_clock(), .on_stop = give_up});
        writer w(*log, s, now + -milliseconds{s.tasks / 10 + 60'000});
        folder f(*log, w.topics(), data + "/tracker");
        for (std::int64_t first = 0; first < s.tasks; first += chunk) {
            const auto last = std::min(first + chunk, s.tasks);
            const auto start = steady::now();
            w.lives(first, last);
            if (last == s.tasks) {
                w.end(s.tasks, 0);
            }
            const auto writing = seconds_since(start);
            const auto took = f.fold();
            folding += took;
            std::printf("%lld tasks: %.0f records/s appended, %.0f records/s folded\n",
                        static_cast<long long>(last),
                        static_cast<double>(3 * (last - first)) / writing,
                        static_cast<double>(3 * (last - first)) / took);
            std::fflush(stdout);
            w.trim();
        }
        w.end(s.tasks, 10'000);
        f.fold();
    }
    const auto records = static_cast<double>(3 * s.tasks);
    std::printf("fold     %.0f records in %.1f s: %.0f records/s\n", records, folding,
                records / folding);
    std::printf("disk     %.0f bytes a task\n",
                bytes_in(data + "/tracker") / static_cast<double>(s.tasks));
    write_raw(data + "/tracker", data + "/raw", records);
    std::filesystem::remove_all(data + "/raw");
    return 0;
}
